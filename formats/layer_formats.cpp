#include "formats/layer_formats.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/qcow2_reader.h"
#include "formats/raw_reader.h"

namespace varve {
namespace {

Layer open_raw(File file, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found, fmt::format("'{}' is a raw image: it has no internal snapshot '{}'",
                                                      file.path(), escape_for_display(*request.snapshot)));
    Layer layer;
    layer.reader = std::make_unique<RawReader>(std::move(file), request.warnings);
    return layer;
}

Layer open_qcow2(File file, LayerRequest& request) {
    Qcow2Reader::Options options{request.snapshot, !request.is_top, request.warnings, {}};
    options.open_data_file = [&](const std::string& name) { return request.open_data_file(name, options.warnings); };
    auto reader = std::make_unique<Qcow2Reader>(std::move(file), options, request.caches);
    Layer layer;
    layer.backing_name = reader->info().backing;
    layer.backing_format = reader->backing_format();
    layer.reader = std::move(reader);
    return layer;
}

struct LayerFormat {
    std::string_view name;
    Layer (*open)(File, LayerRequest&);
};

constexpr std::array formats{
    LayerFormat{"raw", open_raw},
    LayerFormat{"qcow2", open_qcow2},
};

}  // namespace

std::vector<std::string_view> read_formats() {
    std::vector<std::string_view> names;
    for (const LayerFormat& format : formats) names.push_back(format.name);
    return names;
}

bool is_read(std::string_view format) {
    return std::ranges::find(formats, format, &LayerFormat::name) != formats.end();
}

Layer open_layer(std::string_view format, File file, LayerRequest request) {
    const auto* found = std::ranges::find(formats, format, &LayerFormat::name);
    VARVE_CHECK(found != formats.end());
    return found->open(std::move(file), request);
}

}  // namespace varve
