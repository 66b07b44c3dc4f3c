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
