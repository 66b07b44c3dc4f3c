#include "formats/parallels/format.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/parallels/described_disk.h"
#include "formats/parallels/disk_descriptor.h"
#include "formats/parallels/header.h"
#include "formats/parallels/options.h"
#include "formats/parallels/reader.h"
#include "formats/parallels/writer.h"

namespace varve::parallels {
namespace {

using namespace std::string_view_literals;

bool is_parallels(std::string_view start) {
    return start.starts_with(old_magic) || start.starts_with(extended_magic) || is_disk_descriptor(start);
}

bool has_descriptor(const ByteSource& source) {
    Bytes start(std::size_t{4} << 10);
    start.resize(read_some(source, ByteOffset{}, start));
    return is_disk_descriptor(text_of(start));
}

Layer open_lone_image(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is one image of a Parallels disk, whose snapshots are separate images: it has no "
                                "internal snapshot '{}'; name the folder of the disk, or '{}' in it",
                                source->name(), *request.snapshot, descriptor_name));
    std::vector<std::string> warnings = std::move(request.warnings);
    if (request.is_top)
        if (auto doubt = doubt_about_lone_image(*source, request)) warnings.push_back(std::move(*doubt));
    Layer layer;
    layer.reader = std::make_unique<Reader>(std::move(source), std::move(warnings), request.caches);
    return layer;
}

Layer open_parallels(ByteSourcePtr source, LayerRequest& request) {
    if (!has_descriptor(*source)) return open_lone_image(std::move(source), request);
    Layer layer;
    layer.reader = open_described_disk(std::move(source), request);
    return layer;
}

constexpr std::array extensions{"hds"sv, "hdd"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap& options) { return virtual_size_max(parse_options(options)); },
    .alignment = sector,
    .size_warning = nullptr,
    .create =
        [](const NewImage& image) {
            const CreationOptions options = parse_options(image.options);
            return create_writer(image.open_output(), image.virtual_size, options);
        },
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "parallels",
        .noun = "a Parallels disk (hds, hdd)",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = is_parallels,
        .claims = nullptr,
        .names_another_file = has_descriptor,
        .way_out = nullptr,
        .open = open_parallels,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::parallels
