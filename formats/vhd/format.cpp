#include "formats/vhd/format.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/vhd/options.h"
#include "formats/vhd/parent_names.h"
#include "formats/vhd/reader.h"
#include "formats/vhd/writer.h"

namespace varve::vhd {
namespace {

using namespace std::string_view_literals;

/// An image that names no parent is based on its UUID, in braces as VirtualBox writes it: --backing is then the way.
void name_parent(Layer& layer, const Reader& reader) {
    const Uuid& parent = reader.layout().header->parent;
    std::vector<std::string> names = parent_names_here(reader.parent_names());
    if (names.empty()) names.push_back(fmt::format("{{{}}}", parent.text()));
    layer.backing_name = names.front();
    layer.backing_names_elsewhere.assign(names.begin() + 1, names.end());
    if (parent.is_null()) return;  // Xen's images over a raw one
    layer.backing_format = "vpc";
    layer.backing_content_id = parent.text();
}

Layer open_vhd(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is a Virtual PC disk, whose snapshots are separate files: it has no internal "
                                "snapshot '{}'; name the file of that snapshot",
                                source->name(), *request.snapshot));
    auto reader = std::make_unique<Reader>(std::move(source), std::move(request.warnings), request.caches);
    Layer layer;
    layer.content_ids = {reader->layout().footer.uuid.text()};
    if (reader->layout().is_differencing()) name_parent(layer, *reader);
    layer.reader = std::move(reader);
    return layer;
}

std::unique_ptr<ImageWriter> create_vhd(const NewImage& image) {
    const Footer footer = new_footer(image.virtual_size, parse_options(image.options));
    return create_writer(image.open_output(), image.virtual_size, footer);
}

constexpr std::array extensions{"vhd"sv, "vpc"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = [](const OptionMap& options) { return parse_options(options).is_fixed(); },
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) { return virtual_size_max(); },
    .alignment = {512},
    .size_warning = nullptr,
    .create = create_vhd,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "vpc",
        .noun = "a Virtual PC disk (vpc, vhd)",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = [](std::string_view start) { return start.starts_with(footer_cookie); },
        .claims = [](const ByteSource& source, std::string_view) { return has_footer_at_end(source); },
        .names_another_file = is_differencing_image,
        .way_out = nullptr,
        .open = open_vhd,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::vhd
