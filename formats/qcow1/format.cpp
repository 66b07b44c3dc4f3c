#include "formats/qcow1/format.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/output/overlay_writer.h"
#include "formats/output/two_level_writer.h"
#include "formats/qcow1/options.h"
#include "formats/qcow1/reader.h"

namespace varve::qcow1 {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t l1_entries_max = 0x7fffffff / 8;  // QEMU's limit

bool has_magic(std::string_view start) { return start.starts_with("QFI\xfb\0\0\0\1"sv); }

bool header_names_another_file(const ByteSource& source) {
    std::array<std::byte, 16> start{};
    return read_some(source, ByteOffset{}, start) == start.size() &&
           load_be<std::uint64_t>(ByteView(start).subspan(8)) != 0;
}

Layer open_qcow(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(
            ErrorCode::not_found,
            fmt::format("'{}' is a qcow image of version 1, which has no internal snapshots: it has none called "
                        "'{}'",
                        source->name(), *request.snapshot));
    auto reader = std::make_unique<Reader>(std::move(source),
                                           Reader::Options{request.warnings, request.secret, request.is_for_facts_only},
                                           request.caches);
    Layer layer;
    layer.backing_name = reader->info().backing;
    layer.reader = std::move(reader);
    return layer;
}

/// Clusters of 4 KiB and L2 tables of one cluster, as qemu-img makes them.
Header new_header(ByteCount virtual_size, const CreationOptions& options) {
    Header header;
    header.virtual_size = virtual_size;
    header.backing_name = options.backing_file;
    header.l1 = ByteOffset{header.cluster_size().value};
    return header;
}

std::unique_ptr<ImageWriter> create_qcow(const NewImage& image) {
    const CreationOptions options = parse_options(image.options);
    const Header header = new_header(image.virtual_size, options);
    Bytes head = encode_header(header);  // reports what does not fit before anything is written
    std::optional<NewBacking> backing;
    if (options.backing_file) backing = image.open_backing(*options.backing_file, options.backing_format);
    const std::uint64_t cluster = header.cluster_size().value;
    const ByteRange l1{header.l1, {divide_up(header.l1_range().length.value, cluster) * cluster}};
    const TwoLevelLayout layout{l1,           header.l2_entries(), header.cluster_size(), std::endian::big,
                                std::nullopt, backing.has_value()};
    auto writer = write_two_levels(image.open_output(), image.virtual_size, layout, std::move(head));
    if (!backing) return writer;
    return write_over(std::move(backing->reader), std::move(writer), image.virtual_size, header.cluster_size());
}

constexpr std::array extensions{"qcow"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) -> ByteCount {
        const Header header;
        return {l1_entries_max * header.l2_entries() * header.cluster_size().value};
    },
    .alignment = {sector_bytes},
    .size_warning = nullptr,
    .create = create_qcow,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "qcow",
        .noun = "a qcow version 1 image",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = has_magic,
        .claims = nullptr,
        .names_another_file = header_names_another_file,
        .way_out = nullptr,
        .open = open_qcow,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::qcow1
