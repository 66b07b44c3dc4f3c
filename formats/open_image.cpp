#include "formats/open_image.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/layer_formats.h"
#include "formats/layered_reader.h"
#include "formats/lvm_source_name.h"
#include "formats/lvm_volume.h"
#include "formats/probe.h"
#include "formats/qcow2_state_changes.h"
#include "formats/reference_resolver.h"
#include "formats/state_change_source.h"

namespace varve {
namespace {

constexpr std::size_t layers_max = 256;

/// The format of one file, and what there is to say about how it was decided.
struct Decision {
    std::string format;
    std::vector<std::string> warnings;
};

void require_known_option(const std::optional<std::string>& format, std::string_view option) {
    if (format && !is_read(*format))
        throw Error(ErrorCode::usage,
                    fmt::format("{} '{}' is not a format that this version of varve reads; say {}", option,
                                escape_for_display(*format), fmt::join(read_formats(), " or ")));
}

Error not_read(const File& file, const std::string& format, std::string_view way_out) {
    return Error(ErrorCode::unsupported,
                 fmt::format("'{}' is {}; this version of varve reads {}; {}", file.path(),
                             describe_format(escape_for_display(format)), fmt::join(read_formats(), " and "), way_out));
}

/// Whether a name or a kind of file makes one expect raw bytes.
bool looks_raw(const ImageFile& image) {
    const std::string ending = std::filesystem::path(image.place.path).extension().string();
    return ending == ".raw" || ending == ".img" || ending == ".dd" || image.file.kind() == FileKind::block_device;
}

Decision decide_top(const ImageFile& image, const OpenOptions& options) {
    if (options.format) return {*options.format, {}};
    const std::optional<std::string> probed = probe_format(image.file);
    if (!probed) return {"raw", {}};
    if (*probed == "lvm2")
        throw not_read(
            image.file, *probed,
            fmt::format("name a volume on it, lvm:VG/LV with --pv {} ('varve info lvm: --pv {}' lists them), or "
                        "say --format raw to take the whole disk as it is",
                        image.file.path(), image.file.path()));
    if (!is_read(*probed)) throw not_read(image.file, *probed, "say --format raw to take its bytes as they are");
    Decision decision{*probed, {}};
    if (looks_raw(image) && names_another_file(image.file, *probed))
        decision.warnings.push_back(
            fmt::format("'{}' looks like a raw disk by its name but has a {} header that names another "
                        "file, and was read as {}; if a guest may have written that header, say --format raw",
                        image.file.path(), *probed, *probed));
    return decision;
}

Decision decide_declared_backing(const ImageFile& image, const std::string& declared) {
    Decision decision{declared, {}};
    const std::optional<std::string> probed = declared == "raw" ? probe_format(image.file) : std::nullopt;
    if (probed)
        decision.warnings.push_back(
            fmt::format("'{}' was read as raw, as --backing-format says, although its first bytes are those of {}",
                        image.file.path(), describe_format(*probed)));
    return decision;
}

Decision decide_backing(const ImageFile& image, const std::optional<std::string>& recorded,
                        const OpenOptions& options) {
    if (recorded && is_read(*recorded)) return {*recorded, {}};
    if (recorded) throw not_read(image.file, *recorded, "convert the chain with 'qemu-img convert'");
    if (options.backing_format) return decide_declared_backing(image, *options.backing_format);
    const std::optional<std::string> probed = probe_format(image.file);
    if (!probed)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is a backing file whose format is not recorded, and its first bytes are those "
                                "of no known format; if it is a raw disk, say --backing-format raw",
                                image.file.path()));
    if (!is_read(*probed)) throw not_read(image.file, *probed, "if it is a raw disk, say --backing-format raw");
    return {*probed, {}};
}

ImageFile open_top(const ReferenceResolver& resolver, const OpenOptions& options) {
    ImageFile image = resolver.open_named_by_user();
    if (options.same_file && image.file.identity() != *options.same_file)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' became another file while it was read; try again when nothing replaces it",
                                image.file.path()));
    return image;
}

/// Opens the files of one chain from the top down. One use.
class ChainOpener {
public:
    ChainOpener(const std::string& path, const OpenOptions& options)
        : options_(options), resolver_(path, options.allow_under), caches_(std::make_shared<ReadCaches>()) {}

    OpenedImage open() {
        ImageFile image = open_top(resolver_, options_);
        Decision decision = decide_top(image, options_);
        for (;;) {
            enter(image, decision);
            const ImagePlace place = image.place;
            Layer layer = open_next(std::move(image.file), place, decision);
            check_content(place, layer);
            readers_.push_back(std::move(layer.reader));
            if (!layer.backing_name && !layer.backing_search) break;
            std::vector<std::string> doubts;
            image =
                layer.backing_search ? find_backing(place, *layer.backing_search, doubts) : open_backing(place, layer);
            decision = decide_backing(image, layer.backing_format, options_);
            decision.warnings.insert(decision.warnings.end(), doubts.begin(), doubts.end());
        }
        return {overlay(), std::move(layers_), nullptr};
    }

private:
    /// Refuses loops, excess depth and a running machine's file, and notes the layer.
    void enter(const ImageFile& image, Decision& decision, LayerRole role = LayerRole::image);
    Layer open_next(File file, const ImagePlace& place, const Decision& decision);
    ImageFile open_backing(const ImagePlace& place, const Layer& layer) const;
    /// The backing file of an image that records no name. Throws Error(not_found), and Error(refused) when several fit.
    ImageFile find_backing(const ImagePlace& place, const BackingSearch& search, std::vector<std::string>& doubts);
    /// A file whose bytes are the image's own. Adds to `warnings`, which are those of the image that names it.
    File open_part(const ImagePlace& place, const std::string& name, LayerRole role,
                   std::vector<std::string>& warnings);
    /// Throws Error(refused) unless the layer is the one that the image above it was made over.
    void check_content(const ImagePlace& place, const Layer& layer);
    std::unique_ptr<ImageReader> overlay();

    const OpenOptions& options_;
    ReferenceResolver resolver_;
    std::shared_ptr<ReadCaches> caches_;
    std::vector<LayerInfo> layers_;
    std::vector<std::unique_ptr<ImageReader>> readers_;
    std::string wanted_content_;  ///< content_id that the layer above wants below it; empty: any
    bool is_live_told_ = false;   ///< one warning about running machines is enough
};

void ChainOpener::enter(const ImageFile& image, Decision& decision, LayerRole role) {
    const FileIdentity identity = image.file.identity();
    for (const LayerInfo& above : layers_) {
        if (above.identity != identity) continue;
        if (role != LayerRole::image || above.role != LayerRole::image)
            throw Error(ErrorCode::refused,
                        fmt::format("'{}' holds data of an image in the chain of '{}' and comes twice in it",
                                    image.file.path(), layers_.front().path));
        throw Error(ErrorCode::refused,
                    fmt::format("the backing chain of '{}' loops: '{}' comes twice in it; rebase one of its "
                                "images with 'qemu-img rebase'",
                                layers_.front().path, image.file.path()));
    }
    if (readers_.size() == layers_max)
        throw Error(ErrorCode::refused,
                    fmt::format("the backing chain of '{}' is deeper than {} images; shorten it with 'qemu-img "
                                "commit' or 'qemu-img rebase'",
                                layers_.front().path, layers_max));
    auto warning = check_not_live(image.file, options_.live);
    if (warning && !is_live_told_) {
        decision.warnings.push_back(std::move(*warning));
        is_live_told_ = true;
    }
    layers_.push_back({image.place.path, decision.format, identity, role});
}

File ChainOpener::open_part(const ImagePlace& place, const std::string& name, LayerRole role,
                            std::vector<std::string>& warnings) {
    const ReferenceKind kind = role == LayerRole::extent ? ReferenceKind::extent : ReferenceKind::data_file;
    ImageFile part = resolver_.open_reference(place, name, kind);
    Decision raw{"raw", {}};
    enter(part, raw, role);
    warnings.insert(warnings.end(), raw.warnings.begin(), raw.warnings.end());
    return std::move(part.file);
}

ImageFile ChainOpener::find_backing(const ImagePlace& place, const BackingSearch& search,
                                    std::vector<std::string>& doubts) {
    FoundFiles found = resolver_.find(place, search.ending, [&](const File& file) { return search.look(file).fits; });
    if (found.files.empty())
        throw Error(
            ErrorCode::not_found,
            fmt::format("'{}' was made over {}, which is none of the {} files looked at in the folders that it "
                        "may use{}; say --allow-under DIR with the folder that holds it",
                        place.shown, search.wanted, found.looked_at, found.is_complete ? "" : " (there are more)"));
    const auto is_sure = [&](const ImageFile& image) { return search.look(image.file).doubt.empty(); };
    const auto unsure = std::stable_partition(found.files.begin(), found.files.end(), is_sure);
    const auto sure = unsure - found.files.begin();
    if (sure > 1 || (sure == 0 && found.files.size() > 1))
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' was made over {}, and both '{}' and '{}' say that they are it; move the one away "
                                "that does not belong to it",
                                place.shown, search.wanted, found.files[0].place.shown, found.files[1].place.shown));
    ImageFile& backing = found.files.front();
    if (const std::string doubt = search.look(backing.file).doubt; !doubt.empty())
        doubts.push_back(fmt::format("'{}' {}", backing.place.shown, doubt));
    return std::move(backing);
}

Layer ChainOpener::open_next(File file, const ImagePlace& place, const Decision& decision) {
    const bool is_top = readers_.empty();
    LayerRequest request{is_top, is_top ? options_.snapshot : std::nullopt, decision.warnings, caches_, {}, {}};
    request.open_data_file = [&](const std::string& name, std::vector<std::string>& warnings) {
        return open_part(place, name, LayerRole::data_file, warnings);
    };
    request.open_extent = [&](const std::string& name, std::vector<std::string>& warnings) {
        return open_part(place, name, LayerRole::extent, warnings);
    };
    return open_layer(decision.format, std::move(file), std::move(request));
}

/// By the first of its names that can be opened; the sentence is about the name that the image has.
ImageFile ChainOpener::open_backing(const ImagePlace& place, const Layer& layer) const {
    try {
        return resolver_.open_reference(place, *layer.backing_name, ReferenceKind::backing_file);
    } catch (const Error&) {
        for (const std::string& name : layer.backing_names_elsewhere) {
            try {
                return resolver_.open_reference(place, name, ReferenceKind::backing_file);
            } catch (const Error&) {
                continue;
            }
        }
        throw;
    }
}

void ChainOpener::check_content(const ImagePlace& place, const Layer& layer) {
    if (!wanted_content_.empty() && layer.content_id != wanted_content_)
        throw Error(
            ErrorCode::refused,
            fmt::format("'{}' is not the parent that the image above it was made over, or was written to since: "
                        "content id {} was expected, {} found; give back the parent as it was, or take the "
                        "image that belongs to it",
                        place.shown, escape_for_display(wanted_content_),
                        layer.content_id.empty() ? "none" : escape_for_display(layer.content_id)));
    wanted_content_ = layer.backing_content_id;
}

std::unique_ptr<ImageReader> ChainOpener::overlay() {
    std::unique_ptr<ImageReader> disk = std::move(readers_.back());
    for (std::size_t i = readers_.size() - 1; i-- > 0;)
        disk = std::make_unique<LayeredReader>(std::move(readers_[i]), std::move(disk));
    return disk;
}

}  // namespace

OpenedImage open_image_chain(const std::string& path, const OpenOptions& options) {
    if (lvm::is_source_name(path)) return lvm::open_volume(path, options);
    require_known_option(options.format, "--format");
    require_known_option(options.backing_format, "--backing-format");
    OpenedImage image = ChainOpener(path, options).open();
    if (!image.reader->info().snapshots.empty())
        image.changes = std::make_unique<StateChangeSource>(path, options, image.layers, image.reader->info().state);
    return image;
}

std::unique_ptr<ImageReader> open_lone_image(File file, const std::string& format) {
    require_known_option(format, "--format");
    const auto stands_alone = [path = file.path()](const std::string& name) {
        return Error(ErrorCode::refused,
                     fmt::format("'{}' is of no use without '{}', which it names: it is not followed "
                                 "from here; name the image by its file",
                                 path, escape_for_display(name)));
    };
    LayerRequest request{true, {}, {}, std::make_shared<ReadCaches>(), {}, {}};
    request.open_data_file = [&](const std::string& name, std::vector<std::string>&) -> File {
        throw stands_alone(name);
    };
    request.open_extent = request.open_data_file;
    Layer layer = open_layer(format, std::move(file), std::move(request));
    if (layer.backing_name) throw stands_alone(*layer.backing_name);
    if (layer.backing_search) throw stands_alone(layer.backing_search->wanted);
    return std::move(layer.reader);
}

std::unique_ptr<ImageReader> open_image(const std::string& path, const OpenOptions& options) {
    return std::move(open_image_chain(path, options).reader);
}

std::unique_ptr<ChangeMap> changes_between_states(const std::string& path, const OpenOptions& now,
                                                  const std::optional<std::string>& before_snapshot) {
    require_known_option(now.format, "--format");
    ImageFile image = open_top(ReferenceResolver(path, now.allow_under), now);
    if (decide_top(image, now).format != "qcow2") return nullptr;
    return qcow2::changes_between_states(std::move(image.file), before_snapshot, now.snapshot);
}

}  // namespace varve
