#include "formats/new_backing.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"

#include "formats/guard/target_rules.h"
#include "formats/open_image.h"

namespace varve {
namespace {

/// As in qemu, a colon before the first slash makes it a protocol's name.
void refuse_protocol(const std::string& name) {
    const std::size_t mark = name.find_first_of(":/");
    if (mark == std::string::npos || name[mark] != ':') return;
    throw Error(
        ErrorCode::refused,
        fmt::format("backing_file={} is a protocol's name, not a path; for a file of that name pass ./{}", name, name));
}

std::string resolve(const std::string& path, const std::string& name) {
    const std::size_t slash = path.rfind('/');
    const bool is_beside = name.starts_with('/') || slash == std::string::npos;
    return is_beside ? name : path.substr(0, slash + 1) + name;
}

void refuse_own_chain(const std::string& path, const OpenedImage& backing) {
    const auto target = medium_identity(path);
    if (!target) return;
    for (const LayerInfo& layer : backing.layers)
        if (medium_identity(layer.path) == target)
            throw Error(ErrorCode::refused,
                        fmt::format("'{}' is itself in the chain of the backing file: choose another target", path));
}

OpenedImage open_chain(const std::string& path, const std::optional<std::string>& format, const FormatList& formats) {
    OpenOptions options;
    options.image.format = format;
    return open_image_chain(path, options, formats);
}

}  // namespace

NewBacking open_new_backing(const std::string& path, const std::string& name, const std::optional<std::string>& format,
                            const FormatList& formats) {
    refuse_protocol(name);
    try {
        OpenedImage backing = open_chain(resolve(path, name), format, formats);
        refuse_own_chain(path, backing);
        const std::string& found = backing.layers.front().format;
        if (!format && found == "raw")
            throw Error(ErrorCode::refused,
                        "its first bytes are those of no known format; if it is a raw disk, pass "
                        "backing_fmt=raw");
        return {std::move(backing.reader), found};
    } catch (Error& error) {
        error.with_context(fmt::format("backing_file={}", name));
        throw;
    }
}

}  // namespace varve
