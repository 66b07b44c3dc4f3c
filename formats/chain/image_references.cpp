#include "formats/chain/image_references.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {

std::string_view to_string(ReferenceKind kind) {
    switch (kind) {
        case ReferenceKind::backing_file:
            return "backing file";
        case ReferenceKind::data_file:
            return "data file";
        case ReferenceKind::extent:
            return "extent";
        case ReferenceKind::packaged_file:
            return "file";
    }
    return "";
}

std::optional<std::string_view> why_not_a_path(const std::string& name) {
    if (name.empty()) return "it is empty";
    if (name.find('\0') != std::string::npos) return "it has a NUL byte";
    if (name.starts_with("json:")) return "it is a json: description, not a path";
    // As in qemu, a colon before the first slash makes it a protocol's name.
    const std::size_t mark = name.find_first_of(":/");
    if (mark != std::string::npos && name[mark] == ':') return "it is a protocol's name, not a path";
    return std::nullopt;
}

/// `name` may contain a NUL, which would end the message.
std::string describe_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) {
    return fmt::format("'{}' names its {} '{}'", referrer.name, to_string(kind), name.c_str());
}

ImageFile NoReferences::open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const {
    if (kind == ReferenceKind::packaged_file)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is an OVF descriptor, whose files are beside it: pass its path, "
                                "or the whole archive (.ova)",
                                referrer.name));
    throw Error(ErrorCode::refused, fmt::format("'{}' depends on '{}', which is not searched for without the image's "
                                                "path: pass the image by its path",
                                                referrer.name, name.c_str()));
}

FoundFiles NoReferences::find(const ImagePlace& referrer, std::span<const std::string_view>,
                              const std::function<bool(const ByteSourcePtr&)>&) const {
    throw Error(ErrorCode::refused, fmt::format("'{}' depends on the image it is based on, which is not searched for "
                                                "without the image's path: pass the image by its path",
                                                referrer.name));
}

}  // namespace varve
