#include "formats/chain/named_image.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/image_chain.h"
#include "formats/chain/reference_resolver.h"

namespace varve {
namespace {

/// A disk of Parallels is a folder, in which this file leads to the others. Any other path is returned as it is.
std::string file_of_disk(const std::string& path) {
    constexpr const char* file = "DiskDescriptor.xml";
    std::error_code failed;
    const std::filesystem::path inside = std::filesystem::path(path) / file;
    const bool is_disk = std::filesystem::is_directory(path, failed) && std::filesystem::exists(inside, failed);
    return is_disk ? inside.string() : path;
}

}  // namespace

NamedImage open_named_file(const std::string& path, const ImageOptions& options, const FormatList& formats) {
    require_known_option(options.format, formats.openable(), "--format");
    auto references =
        std::make_unique<ReferenceResolver>(file_of_disk(path), options.allow_under, options.backing_files);
    ImageFile file = references->open_named_by_user();
    if (options.same_file && file.source->identity().file != *options.same_file)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' was replaced by another file while it was read; try again when nothing does that",
                                file.source->name()));
    FormatDecision decision = decide_top(file, options.format, formats);
    return {std::move(references), std::move(file), std::move(decision)};
}

OpenedImage open_chain_of(NamedImage image, const ImageOptions& options, const FormatList& formats) {
    return open_chain(std::move(image.file), std::move(image.decision), *image.references, options, formats);
}

}  // namespace varve
