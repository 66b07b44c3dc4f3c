#include "formats/uml_cow/format.h"

#include <array>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/uml_cow/reader.h"

namespace varve::uml_cow {
namespace {

using namespace std::string_view_literals;

bool header_names_another_file(const ByteSource& source) {
    try {
        return !read_header(source).backing_name.empty();
    } catch (const Error&) {
        return false;  // opening it explains why
    }
}

Layer open_cow(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(
            ErrorCode::not_found,
            fmt::format("'{}' is a User-Mode Linux disk, which has no internal snapshots: it has none called '{}'",
                        source->name(), *request.snapshot));
    Layer layer;
    layer.reader = std::make_unique<Reader>(std::move(source), std::move(request.warnings), request.caches);
    layer.backing_name = layer.reader->info().backing;
    return layer;
}

constexpr std::array extensions{"cow"sv};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "cow",
        .noun = "a User-Mode Linux disk (cow)",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = has_magic,
        .claims = nullptr,
        .names_another_file = header_names_another_file,
        .way_out = nullptr,
        .open = open_cow,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = nullptr,
    };
    return format;
}

}  // namespace varve::uml_cow
