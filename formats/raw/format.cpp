#include "formats/raw/format.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/base/split_reader.h"
#include "formats/raw/options.h"
#include "formats/raw/reader.h"
#include "formats/raw/split_writer.h"
#include "formats/raw/writer.h"

namespace varve::raw {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t disk_bytes_max = std::numeric_limits<std::int64_t>::max();

/// The pieces of a disk, each a file, the first of which is `source`.
std::unique_ptr<ImageReader> open_pieces(ByteSourcePtr source, LayerRequest& request) {
    ImageInfo info;
    info.format = "raw";
    info.features = {"split"};
    info.warnings = std::move(request.warnings);
    std::vector<DiskPart> parts;
    const auto add = [&](ByteSourcePtr piece) {
        const ByteOffset begin = ByteOffset{} + info.virtual_size;
        if (piece->size().value == 0) return;
        if (piece->size().value > disk_bytes_max - info.virtual_size.value)
            throw Error(ErrorCode::corrupt, fmt::format("{}: with it, the pieces of the disk have more than {} bytes",
                                                        piece->place({}), disk_bytes_max));
        parts.push_back({{begin, piece->size()}, std::make_unique<Reader>(piece)});
        info.virtual_size += piece->size();
    };
    add(std::move(source));
    for (const std::string& name : request.more_pieces) add(request.open_extent(name, info.warnings));
    return std::make_unique<SplitReader>(std::move(parts), std::move(info), std::vector<ByteSourcePtr>());
}

Layer open_raw(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found, fmt::format("'{}' is a raw image: it has no internal snapshot '{}'",
                                                      source->name(), *request.snapshot));
    Layer layer;
    layer.reader = request.more_pieces.empty() ? std::make_unique<Reader>(std::move(source), request.warnings)
                                               : open_pieces(std::move(source), request);
    return layer;
}

std::unique_ptr<ImageWriter> create_raw(const NewImage& image) {
    const Options options = parse_options(image.options);
    if (options.split) return create_split_writer(image, options);
    auto output = preallocated(image.open_output(), options.preallocation, image.virtual_size);
    return create_writer(std::move(output), image.virtual_size);
}

constexpr std::array extensions{"raw"sv, "img"sv};
constexpr std::array other_extensions{"dd"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = [](const OptionMap& options) { return !parse_options(options).split; },
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) -> ByteCount { return {disk_bytes_max}; },
    .alignment = {1},
    .size_warning = nullptr,
    .create = create_raw,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "raw",
        .noun = "a raw image",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = other_extensions,
        .has_magic = [](std::string_view) { return false; },
        .claims = nullptr,
        .names_another_file = nullptr,
        .way_out = nullptr,
        .open = open_raw,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::raw
