#include "formats/open_image.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/appliance/open_disk.h"
#include "formats/chain/format_decision.h"
#include "formats/chain/image_chain.h"
#include "formats/chain/layer_formats.h"
#include "formats/chain/lone_references.h"
#include "formats/chain/reference_resolver.h"
#include "formats/lvm/open_volume.h"
#include "formats/lvm/volume_name.h"
#include "formats/qcow2/state_changes.h"
#include "formats/snapshot_change_source.h"

namespace varve {
namespace {

/// The image that the user named, with what its names may lead to.
struct Top {
    std::unique_ptr<const ImageReferences> references;
    ImageFile image;
    FormatDecision decision;
};

Top open_top(const std::string& path, const OpenOptions& options) {
    require_known_option(options.format, openable_formats(), "--format");
    auto references = std::make_unique<ReferenceResolver>(path, options.allow_under);
    ImageFile image = references->open_named_by_user();
    if (options.same_file && image.file.identity() != *options.same_file)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' became another file while it was read; try again when nothing replaces it",
                                image.file.path()));
    FormatDecision decision = decide_top(image, options);
    return {std::move(references), std::move(image), std::move(decision)};
}

std::shared_ptr<const appliance::PackageReader> make_package(Top top, const OpenOptions& options) {
    return std::make_shared<const appliance::PackageReader>(std::move(top.image), std::move(top.references),
                                                            options.manifest);
}

void refuse_member(const OpenOptions& options, const std::string& shown) {
    if (options.member)
        throw Error(ErrorCode::usage, fmt::format("--member names a disk in an appliance (.ova or .ovf), and '{}' is "
                                                  "none",
                                                  escape_for_display(shown)));
}

OpenedImage open_disk(Top top, const OpenOptions& options) {
    if (top.decision.format != package_format) {
        refuse_member(options, top.image.place.path);
        return open_chain(std::move(top.image), std::move(top.decision), *top.references, options);
    }
    LayerInfo layer{top.image.place.path, top.decision.format, top.image.file.identity(), LayerRole::package};
    return appliance::open_disk(make_package(std::move(top), options), std::move(layer), options);
}

}  // namespace

std::vector<std::string_view> openable_formats() {
    std::vector<std::string_view> formats = read_formats();
    formats.push_back(package_format);
    return formats;
}

std::shared_ptr<const appliance::PackageReader> open_package(const std::string& path, const OpenOptions& options) {
    if (lvm::is_volume_name(path)) return nullptr;
    Top top = open_top(path, options);
    return top.decision.format == package_format ? make_package(std::move(top), options) : nullptr;
}

OpenedImage open_image_chain(const std::string& path, const OpenOptions& options) {
    if (lvm::is_volume_name(path)) {
        refuse_member(options, path);
        return lvm::open_volume(path, options);
    }
    require_known_option(options.backing_format, read_formats(), "--backing-format");
    OpenedImage image = open_disk(open_top(path, options), options);
    if (!image.package && !image.reader->info().snapshots.empty())
        image.changes = std::make_unique<StateChangeSource>(path, options, image.layers, image.reader->info().state);
    return image;
}

OpenedImage open_lone_image(File file, const OpenOptions& options) {
    OpenOptions of_stream = options;
    of_stream.format = options.format.value_or("raw");
    require_known_option(of_stream.format, openable_formats(), "--format");
    ImageFile image{std::move(file), {}};
    image.place = {image.file.path(), image.file.path(), {}};
    FormatDecision decision{*of_stream.format, {}};
    return open_disk({std::make_unique<LoneReferences>(), std::move(image), std::move(decision)}, of_stream);
}

std::unique_ptr<ImageReader> open_image(const std::string& path, const OpenOptions& options) {
    return std::move(open_image_chain(path, options).reader);
}

std::unique_ptr<ChangeMap> changes_between_states(const std::string& path, const OpenOptions& now,
                                                  const std::optional<std::string>& before_snapshot) {
    Top top = open_top(path, now);
    if (top.decision.format != "qcow2") return nullptr;
    return qcow2::changes_between_states(std::move(top.image.file), before_snapshot, now.snapshot);
}

}  // namespace varve
