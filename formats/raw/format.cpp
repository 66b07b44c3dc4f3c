#include "formats/raw/format.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/raw/options.h"
#include "formats/raw/reader.h"
#include "formats/raw/writer.h"

namespace varve::raw {
namespace {

using namespace std::string_view_literals;

Layer open_raw(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found, fmt::format("'{}' is a raw image: it has no internal snapshot '{}'",
                                                      source->name(), *request.snapshot));
    Layer layer;
    layer.reader = std::make_unique<Reader>(std::move(source), request.warnings);
    return layer;
}

std::unique_ptr<ImageWriter> create_raw(const NewImage& image) {
    const Options options = parse_options(image.options);
    auto output = preallocated(image.open_output(), options.preallocation, image.virtual_size);
    return create_writer(std::move(output), image.virtual_size);
}

constexpr std::array extensions{"raw"sv, "img"sv};
constexpr std::array other_extensions{"dd"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = [](const OptionMap&) { return true; },
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) -> ByteCount { return {std::numeric_limits<std::int64_t>::max()}; },
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
