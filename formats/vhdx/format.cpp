#include "formats/vhdx/format.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/foreign_name.h"
#include "formats/vhdx/options.h"
#include "formats/vhdx/reader.h"
#include "formats/vhdx/writer.h"

namespace varve::vhdx {
namespace {

using namespace std::string_view_literals;

bool is_differencing_image(const ByteSource& source) {
    try {
        return Reader(std::shared_ptr<const ByteSource>(&source, [](const ByteSource*) {}), {},
                      std::make_shared<ReadCaches>())
            .metadata()
            .has_parent;
    } catch (const Error&) {
        return false;  // opening it explains why
    }
}

/// The names that a parent locator has, best first: the relative one is right wherever the chain was moved to.
std::vector<std::string> parent_names(const Metadata& metadata) {
    std::vector<std::string> names;
    for (const char* key : {"relative_path", "absolute_win32_path", "volume_path"}) {
        const auto recorded = metadata.parent.find(key);
        if (recorded == metadata.parent.end() || recorded->second.empty()) continue;
        for (std::string& name : names_here(recorded->second)) names.push_back(std::move(name));
    }
    return names;
}

/// A parent without a name is only found by --backing.
void name_parent(Layer& layer, const ByteSource& source, const Metadata& metadata) {
    std::vector<std::string> names = parent_names(metadata);
    const auto linkage = metadata.parent.find("parent_linkage");
    const auto id = linkage == metadata.parent.end() ? std::nullopt : parse_uuid(linkage->second);
    if (!id)
        throw corrupt(source, {}, "parent locator: expected a parent_linkage with the id of the parent, found none");
    if (names.empty()) names.push_back(linkage->second);
    layer.backing_name = names.front();
    layer.backing_names_elsewhere.assign(names.begin() + 1, names.end());
    layer.backing_format = "vhdx";
    layer.backing_content_id = id->text();
}

Layer open_vhdx(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(
            ErrorCode::not_found,
            fmt::format("'{}' is a Hyper-V disk, whose checkpoints are separate files (.avhdx): it has no internal "
                        "snapshot '{}'; name the file of that checkpoint",
                        source->name(), *request.snapshot));
    auto reader = std::make_unique<Reader>(source, std::move(request.warnings), request.caches);
    Layer layer;
    layer.content_ids = {reader->header().data_write.text()};
    if (reader->metadata().has_parent) name_parent(layer, *source, reader->metadata());
    layer.reader = std::move(reader);
    return layer;
}

std::unique_ptr<ImageWriter> create_vhdx(const NewImage& image) {
    const CreationOptions options = parse_options(image.options);
    if (image.virtual_size.value % options.sector_size.value != 0)
        throw Error(ErrorCode::unsupported,
                    fmt::format("a disk of {} bytes does not consist of whole sectors of {} bytes: pass "
                                "logical_sector_size=512, or choose raw or qcow2",
                                image.virtual_size.value, options.sector_size.value));
    return create_writer(image.open_output(), image.virtual_size, options);
}

constexpr std::array extensions{"vhdx"sv};
constexpr std::array other_extensions{"avhdx"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) { return virtual_size_max; },
    .alignment = {512},
    .size_warning = nullptr,
    .create = create_vhdx,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "vhdx",
        .noun = "a Hyper-V disk (vhdx)",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = other_extensions,
        .has_magic = [](std::string_view start) { return start.starts_with("vhdxfile"sv); },
        .claims = nullptr,
        .names_another_file = is_differencing_image,
        .way_out = nullptr,
        .open = open_vhdx,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::vhdx
