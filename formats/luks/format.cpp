#include "formats/luks/format.h"

#include <array>
#include <limits>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/crypt/new_luks.h"
#include "formats/luks/options.h"
#include "formats/luks/reader.h"
#include "formats/luks/writer.h"
#include "formats/output/output.h"

namespace varve::luks {
namespace {

using namespace std::string_view_literals;

/// Version 2 is recognised apart, to be refused by name.
bool has_magic(std::string_view start) { return start.starts_with("LUKS\xba\xbe"sv) && !crypt::is_luks(start, 2); }

Layer open_luks(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found, fmt::format("'{}' is a LUKS volume: it has no internal snapshot '{}'",
                                                      source->name(), *request.snapshot));
    Layer layer;
    layer.reader = std::make_unique<Reader>(
        std::move(source),
        Reader::Options{request.warnings, request.secret, request.luks_header, request.is_for_facts_only});
    return layer;
}

std::unique_ptr<ImageWriter> create_luks(const NewImage& image) {
    const CreationOptions options = parse_options(image.options);
    auto output = image.open_output();
    return create_writer(std::move(output), image.virtual_size,
                         crypt::make_luks(*image.secret, options.iteration_time));
}

constexpr std::array extensions{"luks"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = [](const OptionMap&) { return true; },
    .virtual_size_max = [](const OptionMap&) -> ByteCount {
        return {(std::uint64_t{1} << 62) / crypt::cipher_sector_bytes * crypt::cipher_sector_bytes};
    },
    .alignment = {crypt::cipher_sector_bytes},
    .size_warning = nullptr,
    .create = create_luks,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "luks",
        .noun = "a LUKS volume",
        .use = FormatUse::image,
        .may_be_guest_data = true,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = has_magic,
        .claims = nullptr,
        .names_another_file = nullptr,
        .way_out = nullptr,
        .open = open_luks,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::luks
