#include "formats/qed/format.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/output/overlay_writer.h"
#include "formats/output/two_level_writer.h"
#include "formats/qed/options.h"
#include "formats/qed/reader.h"

namespace varve::qed {
namespace {

using namespace std::string_view_literals;

bool header_names_another_file(const ByteSource& source) {
    std::array<std::byte, 24> start{};
    return read_some(source, ByteOffset{}, start) == start.size() && (start[16] & std::byte{1}) != std::byte{0};
}

Layer open_qed(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is a QED image, which has no internal snapshots: it has none "
                                "called '{}'",
                                source->name(), *request.snapshot));
    auto reader = std::make_unique<Reader>(std::move(source), std::move(request.warnings), request.caches);
    Layer layer;
    layer.backing_name = reader->info().backing;
    if (reader->header().has_raw_backing) layer.backing_format = "raw";
    layer.reader = std::move(reader);
    return layer;
}

Header new_header(ByteCount virtual_size, const CreationOptions& options) {
    Header header;
    header.cluster_size = options.cluster_size;
    header.table_clusters = options.table_clusters;
    header.virtual_size = virtual_size;
    header.l1 = ByteOffset{header.cluster_size.value};
    header.backing_name = options.backing_file;
    return header;
}

std::unique_ptr<ImageWriter> create_qed(const NewImage& image) {
    const CreationOptions options = parse_options(image.options);
    Header header = new_header(image.virtual_size, options);
    std::optional<NewBacking> backing;
    if (options.backing_file) {
        backing = image.open_backing(*options.backing_file, options.backing_format);
        header.has_raw_backing = backing->format == "raw";
    }
    const TwoLevelLayout layout{
        {header.l1, header.table_bytes()}, header.table_entries(), header.cluster_size, std::endian::little, 1, true};
    Bytes head = encode_header(header);
    auto writer = write_two_levels(image.open_output(), image.virtual_size, layout, std::move(head));
    if (!backing) return writer;
    return write_over(std::move(backing->reader), std::move(writer), image.virtual_size, header.cluster_size);
}

ByteCount virtual_size_max(const OptionMap& options) {
    constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max() / sector_bytes * sector_bytes;
    return {std::min(largest, new_header({}, parse_options(options)).virtual_size_max().value)};
}

constexpr std::array extensions{"qed"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = nullptr,
    .virtual_size_max = virtual_size_max,
    .alignment = {sector_bytes},
    .size_warning = nullptr,
    .create = create_qed,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "qed",
        .noun = "a QED image",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = [](std::string_view start) { return start.starts_with("QED\0"sv); },
        .claims = nullptr,
        .names_another_file = header_names_another_file,
        .way_out = nullptr,
        .open = open_qed,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::qed
