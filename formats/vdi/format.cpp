#include "formats/vdi/format.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "formats/vdi/options.h"
#include "formats/vdi/reader.h"
#include "formats/vdi/writer.h"

namespace varve::vdi {
namespace {

using namespace std::string_view_literals;

/// A differencing image has a parent.
bool is_differencing_image(const ByteSource& source) {
    constexpr std::uint32_t differencing = 4;
    std::array<std::byte, 80> start{};
    if (read_some(source, ByteOffset{}, start) != start.size()) return false;
    const ByteView bytes(start);
    const std::size_t type_at = load_le<std::uint32_t>(bytes.subspan(68)) == 2 ? 72 : 76;  // version 0.2, else 1.1
    return load_le<std::uint32_t>(bytes.subspan(type_at)) == differencing;
}

Layer open_vdi(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is a VDI image, whose snapshots are separate files: it has no internal snapshot "
                                "'{}'; name the file of that snapshot",
                                source->name(), *request.snapshot));
    auto reader = std::make_unique<Reader>(std::move(source), std::move(request.warnings), request.caches);
    const Header& header = reader->header();
    Layer layer;
    layer.content_ids = {header.create.text()};
    if (header.is_differencing()) {
        layer.backing_content_id = header.parent.text();
        layer.backing_search = BackingSearch{{header.parent, header.parent_modify}};
    }
    layer.reader = std::move(reader);
    return layer;
}

constexpr std::array extensions{"vdi"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) { return virtual_size_max(); },
    .alignment = {1},
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
        .name = "vdi",
        .noun = "a VirtualBox disk (vdi)",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = [](std::string_view start) { return has_bytes_at(start, 64, "\x7f\x10\xda\xbe"sv); },
        .claims = nullptr,
        .names_another_file = is_differencing_image,
        .way_out = nullptr,
        .open = open_vdi,
        .peek_identity = peek_identity,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::vdi
