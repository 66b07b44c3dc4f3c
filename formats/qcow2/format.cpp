#include "formats/qcow2/format.h"

#include <array>
#include <optional>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "formats/crypt/iteration_time.h"
#include "formats/output/overlay_writer.h"
#include "formats/qcow2/options.h"
#include "formats/qcow2/reader.h"
#include "formats/qcow2/state_changes.h"
#include "formats/qcow2/writer.h"

namespace varve::qcow2 {
namespace {

using namespace std::string_view_literals;

bool starts_like_qcow2(std::string_view start) {
    return start.starts_with("QFI\xfb"sv) && !start.starts_with("QFI\xfb\0\0\0\1"sv);  // version 1: qcow
}

/// A backing file, or an external data file.
bool header_names_another_file(const ByteSource& source) {
    std::array<std::byte, 80> start{};
    if (read_some(source, ByteOffset{}, start) != start.size()) return false;
    const auto version = load_be<std::uint32_t>(ByteView(start).subspan(4));
    const auto backing_file_offset = load_be<std::uint64_t>(ByteView(start).subspan(8));
    const auto incompatible_features = load_be<std::uint64_t>(ByteView(start).subspan(72));
    return backing_file_offset != 0 || (version >= 3 && (incompatible_features & 4) != 0);
}

Layer open_qcow2(ByteSourcePtr source, LayerRequest& request) {
    Reader::Options options{request.snapshot, !request.is_top,          request.warnings, {},
                            request.secret,   request.is_for_facts_only};
    options.open_data_file = [&](const std::string& name) { return request.open_data_file(name, options.warnings); };
    auto reader = std::make_unique<Reader>(std::move(source), options, request.caches);
    Layer layer;
    layer.backing_name = reader->info().backing;
    layer.backing_format = reader->backing_format();
    layer.reader = std::move(reader);
    return layer;
}

ByteCount whole_sectors(ByteCount size) { return {divide_up(size.value, sector_bytes) * sector_bytes}; }

std::unique_ptr<ImageWriter> create_qcow2(const NewImage& image) {
    CreationOptions options = parse_options(image.options);
    std::optional<NewBacking> backing;
    if (options.backing_file) {
        backing = image.open_backing(*options.backing_file, options.backing_format);
        options.backing_format = backing->format;
    }
    const ByteCount size = options.round_up ? whole_sectors(image.virtual_size) : image.virtual_size;
    auto output = preallocated(image.open_output(), options.preallocation, size);
    std::optional<crypt::NewLuks> luks;
    if (options.is_encrypted)
        luks.emplace(crypt::make_luks(*image.secret, options.iteration_time.value_or(crypt::default_iteration_time)));
    auto writer = create_writer(std::move(output), size, options, std::move(luks));
    if (!backing) return writer;
    return write_over(std::move(backing->reader), std::move(writer), size, options.unit());
}

std::optional<std::string> size_warning(ByteCount size, const OptionMap& options) {
    const ByteCount cut{size.value % sector_bytes};
    if (cut.value == 0 || parse_options(options).round_up) return std::nullopt;
    return fmt::format(
        "a disk of {} bytes ends inside a sector: QEMU will not show the last {} bytes of it to a guest; "
        "pass -o round_up=on to complete the sector with zeros",
        size.value, cut.value);
}

constexpr std::array extensions{"qcow2"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = [](const OptionMap& options) { return parse_options(options).is_encrypted; },
    .virtual_size_max = [](const OptionMap& options) { return virtual_size_max(parse_options(options)); },
    .alignment = {1},
    .size_warning = size_warning,
    .create = create_qcow2,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "qcow2",
        .noun = "a qcow2 image",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = starts_like_qcow2,
        .claims = nullptr,
        .names_another_file = header_names_another_file,
        .way_out = nullptr,
        .open = open_qcow2,
        .peek_identity = nullptr,
        .changes_between_states = changes_between_states,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::qcow2
