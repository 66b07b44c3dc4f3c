#include "formats/chain/image_chain.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"

#include "formats/chain/disk_pieces.h"
#include "formats/chain/layered_reader.h"
#include "formats/chain/local_name.h"
#include "formats/chain/parent_by_uuid.h"
#include "formats/chain/reference_resolver.h"

namespace varve {
namespace {

constexpr std::size_t layers_max = 256;

struct BackingFile {
    ImageFile image;
    std::optional<std::string> format;  ///< as recorded in the image above it, or as found
    std::string doubt;                  ///< a warning, or empty
};

/// What users of VMware do about a parent with another CID, or nothing if it has none.
std::string way_out_of_vmware(const Layer& parent) {
    constexpr std::size_t cid_digits = 8;
    if (parent.content_ids.empty() || parent.content_ids.front().size() != cid_digits) return "";
    return fmt::format("; VMware goes on once the descriptor of the image above has parentCID={}",
                       parent.content_ids.front());
}

/// Opens the files of one chain from the top down. One use.
class ChainOpener {
public:
    ChainOpener(const ImageReferences& references, const ImageOptions& options, const FormatList& formats)
        : options_(options), references_(references), formats_(formats), caches_(std::make_shared<ReadCaches>()) {}

    OpenedImage open(ImageFile image, FormatDecision decision) {
        OpenedImage opened;
        try {
            std::optional<NextLayer> next = open_layer(std::move(image), std::move(decision));
            while (next) next = open_layer(std::move(next->image), std::move(next->decision));
            check_all_given_used();
        } catch (const Error& error) {
            const bool may_stop = options_.backing == BackingUse::followed_if_possible && !readers_.empty();
            if (!may_stop || error.code() == ErrorCode::usage) throw;
            opened.not_followed = error.what();
        }
        opened.reader = overlay();
        opened.layers = std::move(layers_);
        return opened;
    }

private:
    struct NextLayer {
        ImageFile image;
        FormatDecision decision;
    };

    /// Returns what the layer is based on, if anything.
    std::optional<NextLayer> open_layer(ImageFile image, FormatDecision decision);
    /// What is below the layer that was opened last.
    BackingFile backing_of(const ImagePlace& place, const Layer& layer, std::string_view format) const;
    /// Throws Error(usage) when the user named more backing files than the chain has.
    void check_all_given_used() const;
    /// Refuses loops, excessive depth and a running machine's file, and records the layer.
    void enter(const ImageFile& image, FormatDecision& decision, LayerRole role = LayerRole::image);
    /// Throws Error(usage) unless the image is a LUKS volume.
    ByteSourcePtr open_luks_header(const std::string& format) const;
    /// The files that continue the named one, if their names make it the first piece of a raw disk.
    std::vector<std::string> find_pieces(const ByteSource& source, const ImagePlace& place,
                                         const FormatDecision& decision) const;
    Layer open_next(ByteSourcePtr source, const ImagePlace& place, const FormatDecision& decision);
    BackingFile open_backing(const ImagePlace& place, const Layer& layer) const;
    ImageFile open_named(const ImagePlace& place, const Layer& layer, std::string& doubt) const;
    /// A file that the image names: where it names it, or, if nothing is there, beside the image, which sets `doubt`.
    ImageFile open_there_or_beside(const ImagePlace& place, const std::string& name, ReferenceKind kind,
                                   std::string& doubt) const;
    std::optional<ImageFile> find_beside(const ImagePlace& place, const std::string& name, ReferenceKind kind) const;
    bool is_in_chain(const ImageFile& image) const;
    /// The backing file of an image that records no name for it. Throws Error(not_found), and Error(refused) if several
    /// files fit.
    BackingFile find_backing(const ImagePlace& place, const BackingSearch& search, std::string_view format) const;
    /// A file with guest data of the image itself. Adds to `warnings`, which are those of the image that names it.
    ByteSourcePtr open_part(const ImagePlace& place, const std::string& name, LayerRole role,
                            std::vector<std::string>& warnings);
    /// Throws Error(refused) unless the layer is the one that the image above it was based on; a doubt if that does not
    /// matter to the user.
    void check_content(const ImagePlace& place, const Layer& layer);
    std::string content_problem(const ImagePlace& place, const Layer& layer) const;
    std::unique_ptr<ImageReader> overlay();

    const ImageOptions& options_;
    const ImageReferences& references_;
    const FormatList& formats_;
    std::shared_ptr<ReadCaches> caches_;
    std::vector<LayerInfo> layers_;
    std::vector<SourceIdentity> identities_;  ///< of the layers
    std::vector<std::unique_ptr<ImageReader>> readers_;
    std::string wanted_content_;  ///< the content id that the layer above requires below it; empty: any
    std::vector<std::string> content_doubts_;
    bool has_live_warning_ = false;  ///< one warning about running machines is enough
};

std::optional<ChainOpener::NextLayer> ChainOpener::open_layer(ImageFile image, FormatDecision decision) {
    enter(image, decision);
    const ImagePlace place = image.place;
    Layer layer = open_next(std::move(image.source), place, decision);
    check_content(place, layer);
    readers_.push_back(std::move(layer.reader));
    if (!layer.backing_name && !layer.backing_search) return std::nullopt;
    BackingFile below = backing_of(place, layer, decision.format);
    FormatDecision next = decide_backing(below.image, below.format, options_.backing_format, formats_);
    if (!below.doubt.empty()) next.warnings.push_back(std::move(below.doubt));
    return NextLayer{std::move(below.image), std::move(next)};
}

BackingFile ChainOpener::backing_of(const ImagePlace& place, const Layer& layer, std::string_view format) const {
    const std::size_t depth = readers_.size() - 1;
    if (depth < options_.backing_files.size())
        return {open_file_of_user(options_.backing_files[depth]), layer.backing_format, {}};
    return layer.backing_search ? find_backing(place, *layer.backing_search, format) : open_backing(place, layer);
}

void ChainOpener::check_all_given_used() const {
    const std::vector<std::string>& given = options_.backing_files;
    if (given.size() < readers_.size()) return;
    throw Error(ErrorCode::usage, fmt::format("--backing '{}' has no place in the chain of '{}': only {} of its images "
                                              "{} based on another",
                                              given[readers_.size() - 1], layers_.front().path, readers_.size() - 1,
                                              readers_.size() == 2 ? "is" : "are"));
}

void ChainOpener::enter(const ImageFile& image, FormatDecision& decision, LayerRole role) {
    const SourceIdentity identity = image.source->identity();
    for (std::size_t i = 0; i < layers_.size(); ++i) {
        const LayerInfo& above = layers_[i];
        if (identities_[i] != identity) continue;
        if (role != LayerRole::image || above.role != LayerRole::image)
            throw Error(ErrorCode::refused,
                        fmt::format("'{}' holds data of an image in the chain of '{}' and occurs twice in it",
                                    image.source->name(), layers_.front().path));
        throw Error(ErrorCode::refused,
                    fmt::format("the backing chain of '{}' loops: '{}' occurs twice in it; rebase one of its "
                                "images with 'qemu-img rebase'",
                                layers_.front().path, image.source->name()));
    }
    if (readers_.size() == layers_max)
        throw Error(ErrorCode::refused,
                    fmt::format("the backing chain of '{}' is deeper than {} images; shorten it with 'qemu-img "
                                "commit' or 'qemu-img rebase'",
                                layers_.front().path, layers_max));
    decision.warnings.insert(decision.warnings.end(), image.warnings.begin(), image.warnings.end());
    auto warning =
        image.source->file() != nullptr ? check_not_live(*image.source->file(), options_.live) : std::nullopt;
    if (warning && !has_live_warning_) {
        decision.warnings.push_back(std::move(*warning));
        has_live_warning_ = true;
    }
    layers_.push_back({image.place.path, decision.format, identity.file, role});
    identities_.push_back(identity);
}

ByteSourcePtr ChainOpener::open_part(const ImagePlace& place, const std::string& name, LayerRole role,
                                     std::vector<std::string>& warnings) {
    const ReferenceKind kind = role == LayerRole::extent ? ReferenceKind::extent : ReferenceKind::data_file;
    FormatDecision raw{"raw", {}};
    std::string doubt;
    ImageFile part = open_there_or_beside(place, name, kind, doubt);
    if (!doubt.empty()) raw.warnings.push_back(std::move(doubt));
    enter(part, raw, role);
    warnings.insert(warnings.end(), raw.warnings.begin(), raw.warnings.end());
    return std::move(part.source);
}

BackingFile ChainOpener::find_backing(const ImagePlace& place, const BackingSearch& search,
                                      std::string_view format) const {
    const std::string wanted = fmt::format("the VDI or VMDK image with the UUID {}", search.parent.create.text());
    const std::vector<std::string> extensions = parent_extensions(format, formats_);
    const std::vector<std::string_view> views(extensions.begin(), extensions.end());
    const auto look = [&](const ByteSourcePtr& source) { return look_for_parent(search, source, formats_); };
    FoundFiles found = references_.find(place, views, [&](const ByteSourcePtr& source) { return look(source).fits(); });
    if (found.files.empty())
        throw Error(
            ErrorCode::not_found,
            fmt::format("'{}' is based on {}, but none of the {} files examined in the allowed folders is that "
                        "image{}; pass --allow-under DIR with the folder that contains it",
                        place.name, wanted, found.looked_at, found.is_complete ? "" : " (there are more files)"));
    const auto is_sure = [&](const ImageFile& image) { return look(image.source).doubt.empty(); };
    const auto unsure = std::stable_partition(found.files.begin(), found.files.end(), is_sure);
    const auto sure = unsure - found.files.begin();
    if (sure > 1 || (sure == 0 && found.files.size() > 1))
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is based on {}, and both '{}' and '{}' have that UUID; move away the one that "
                                "does not belong to it",
                                place.name, wanted, found.files[0].place.name, found.files[1].place.name));
    ImageFile& backing = found.files.front();
    const BackingFit fit = look(backing.source);
    std::string doubt = fit.doubt.empty() ? "" : fmt::format("'{}' {}", backing.place.name, fit.doubt);
    return {std::move(backing), std::string(fit.format), std::move(doubt)};
}

ByteSourcePtr ChainOpener::open_luks_header(const std::string& format) const {
    if (format != "luks")
        throw Error(ErrorCode::usage, fmt::format("--luks-header goes with a LUKS volume, and '{}' is {}",
                                                  layers_.front().path, formats_.describe(format)));
    return open_file_of_user(*options_.luks_header).source;
}

std::vector<std::string> ChainOpener::find_pieces(const ByteSource& source, const ImagePlace& place,
                                                  const FormatDecision& decision) const {
    const bool is_file = source.file() != nullptr && source.file()->kind() == FileKind::regular;
    if (!decision.is_by_file || !is_file) return {};
    const std::string_view name = std::string_view(place.name).substr(place.name.rfind('/') + 1);  // npos + 1 is 0
    std::vector<std::string> pieces = pieces_after(name, references_.names_beside(place));
    if (!pieces.empty() && decision.format != "raw")
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is {} in {} pieces, which varve does not put together; join them with 'cat', or "
                                "pass --format {} to read this file alone",
                                place.name, formats_.at(decision.format).noun, pieces.size() + 1, decision.format));
    return pieces;
}

Layer ChainOpener::open_next(ByteSourcePtr source, const ImagePlace& place, const FormatDecision& decision) {
    const bool is_top = readers_.empty();
    LayerRequest request{is_top, is_top ? options_.snapshot : std::nullopt, decision.warnings, caches_, {}, {}};
    request.secret = options_.secret;
    request.is_for_facts_only = options_.is_for_facts_only;
    if (is_top) request.more_pieces = find_pieces(*source, place, decision);
    if (is_top && options_.luks_header) request.luks_header = open_luks_header(decision.format);
    request.open_data_file = [&](const std::string& name, std::vector<std::string>& warnings) {
        return open_part(place, name, LayerRole::data_file, warnings);
    };
    request.open_extent = [&](const std::string& name, std::vector<std::string>& warnings) {
        return open_part(place, name, LayerRole::extent, warnings);
    };
    return formats_.at(decision.format).open(std::move(source), request);
}

BackingFile ChainOpener::open_backing(const ImagePlace& place, const Layer& layer) const {
    BackingFile backing;
    backing.image = open_named(place, layer, backing.doubt);
    backing.format = layer.backing_format ? layer.backing_format : parse_local_name(*layer.backing_name).format;
    return backing;
}

/// By the first of its names that can be opened; an error message is about the name recorded in the image.
ImageFile ChainOpener::open_named(const ImagePlace& place, const Layer& layer, std::string& doubt) const {
    try {
        return open_there_or_beside(place, *layer.backing_name, ReferenceKind::backing_file, doubt);
    } catch (const Error&) {
        for (const std::string& name : layer.backing_names_elsewhere) {
            try {
                return references_.open_reference(place, name, ReferenceKind::backing_file);
            } catch (const Error&) {
                continue;
            }
        }
        throw;
    }
}

ImageFile ChainOpener::open_there_or_beside(const ImagePlace& place, const std::string& name, ReferenceKind kind,
                                            std::string& doubt) const {
    try {
        return references_.open_reference(place, name, kind);
    } catch (const Error& error) {
        std::optional<ImageFile> beside;
        if (error.code() == ErrorCode::not_found) beside = find_beside(place, name, kind);
        if (!beside) throw;
        doubt = fmt::format("{}, which does not exist; '{}' beside it was read instead",
                            describe_reference(place, name, kind), beside->place.path);
        return std::move(*beside);
    }
}

/// A file of the same name in the image's own folder: chains are moved as a whole.
std::optional<ImageFile> ChainOpener::find_beside(const ImagePlace& place, const std::string& name,
                                                  ReferenceKind kind) const {
    const std::string path = parse_local_name(name).path;
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash + 1 == path.size()) return std::nullopt;
    try {
        ImageFile found = references_.open_reference(place, "./" + path.substr(slash + 1), kind);
        if (is_in_chain(found)) return std::nullopt;
        return found;
    } catch (const Error&) {
        return std::nullopt;
    }
}

bool ChainOpener::is_in_chain(const ImageFile& image) const {
    return std::ranges::find(identities_, image.source->identity()) != identities_.end();
}

void ChainOpener::check_content(const ImagePlace& place, const Layer& layer) {
    if (!wanted_content_.empty() && std::ranges::count(layer.content_ids, wanted_content_) == 0) {
        const std::string problem = content_problem(place, layer);
        if (!options_.ignore_content_ids)
            throw Error(
                ErrorCode::refused,
                fmt::format("{}; restore the parent as it was, or use the image that belongs to it. If you know "
                            "that they belong together, pass --ignore-cid to read them as they are{}",
                            problem, way_out_of_vmware(layer)));
        content_doubts_.push_back(problem + "; they were read as they are");
    }
    wanted_content_ = layer.backing_content_id;
}

std::string ChainOpener::content_problem(const ImagePlace& place, const Layer& layer) const {
    return fmt::format(
        "'{}' is not the parent that the image above it is based on, or was written to since: expected "
        "content id {}, found {}",
        place.name, wanted_content_,
        layer.content_ids.empty() ? "none" : fmt::to_string(fmt::join(layer.content_ids, " and ")));
}

std::unique_ptr<ImageReader> ChainOpener::overlay() {
    std::unique_ptr<ImageReader> disk = std::move(readers_.back());
    for (std::size_t i = readers_.size() - 1; i-- > 0;)
        disk = std::make_unique<LayeredReader>(std::move(readers_[i]), std::move(disk),
                                               i == 0 ? content_doubts_ : std::vector<std::string>());
    return disk;
}

}  // namespace

OpenedImage open_chain(ImageFile top, FormatDecision decision, const ImageReferences& references,
                       const ImageOptions& options, const FormatList& formats) {
    return ChainOpener(references, options, formats).open(std::move(top), std::move(decision));
}

}  // namespace varve
