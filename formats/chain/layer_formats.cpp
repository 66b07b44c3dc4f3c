#include "formats/chain/layer_formats.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/chain/parent_by_uuid.h"
#include "formats/chain/vmdk_uuids.h"
#include "formats/qcow2/reader.h"
#include "formats/raw/reader.h"
#include "formats/vdi/reader.h"
#include "formats/vmdk/parent_name.h"
#include "formats/vmdk/reader.h"

namespace varve {
namespace {

Layer open_raw(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found, fmt::format("'{}' is a raw image: it has no internal snapshot '{}'",
                                                      source->name(), escape_for_display(*request.snapshot)));
    Layer layer;
    layer.reader = std::make_unique<raw::Reader>(std::move(source), request.warnings);
    return layer;
}

Layer open_qcow2(ByteSourcePtr source, LayerRequest& request) {
    qcow2::Reader::Options options{request.snapshot, !request.is_top, request.warnings, {}};
    options.open_data_file = [&](const std::string& name) { return request.open_data_file(name, options.warnings); };
    auto reader = std::make_unique<qcow2::Reader>(std::move(source), options, request.caches);
    Layer layer;
    layer.backing_name = reader->info().backing;
    layer.backing_format = reader->backing_format();
    layer.reader = std::move(reader);
    return layer;
}

std::string content_id_text(std::uint32_t id) { return fmt::format("{:08x}", id); }

Layer open_vmdk(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is a VMware disk: its snapshots are files of their own, it has no internal "
                                "snapshot '{}'",
                                source->name(), escape_for_display(*request.snapshot)));
    vmdk::Reader::Options options{{}, request.warnings};
    options.open_extent = [&](const std::string& name, std::vector<std::string>& warnings) {
        return request.open_extent(name, warnings);
    };
    auto reader = std::make_unique<vmdk::Reader>(std::move(source), options, request.caches);
    const vmdk::Descriptor& descriptor = reader->descriptor();
    Layer layer;
    if (descriptor.content_id) layer.content_ids.push_back(content_id_text(*descriptor.content_id));
    if (const auto identity = vmdk::identity_of(descriptor)) layer.content_ids.push_back(identity->create.text());
    if (!descriptor.parent_name.empty()) {
        const std::vector<std::string> names = vmdk::parent_names(descriptor.parent_name);
        layer.backing_name = names.front();
        layer.backing_names_elsewhere.assign(names.begin() + 1, names.end());
        layer.backing_format = "vmdk";
        if (descriptor.parent_content_id.value_or(vmdk::long_content_id_mark) != vmdk::long_content_id_mark)
            layer.backing_content_id = content_id_text(*descriptor.parent_content_id);
    }
    layer.reader = std::move(reader);
    return layer;
}

Layer open_vdi(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is a VDI image: VirtualBox keeps snapshots in files of their own, and it has no "
                                "internal snapshot '{}'; name the file of that snapshot",
                                source->name(), escape_for_display(*request.snapshot)));
    auto reader = std::make_unique<vdi::Reader>(std::move(source), std::move(request.warnings), request.caches);
    Layer layer;
    layer.content_ids = {reader->header().create.text()};
    if (reader->header().is_differencing()) {
        layer.backing_content_id = reader->header().parent.text();
        layer.backing_search = vdi::parent_search(reader->header());
    }
    layer.reader = std::move(reader);
    return layer;
}

struct LayerFormat {
    std::string_view name;
    Layer (*open)(ByteSourcePtr, LayerRequest&);
};

constexpr std::array formats{
    LayerFormat{"raw", open_raw},
    LayerFormat{"qcow2", open_qcow2},
    LayerFormat{"vmdk", open_vmdk},
    LayerFormat{"vdi", open_vdi},
};

}  // namespace

std::vector<std::string_view> read_formats() {
    std::vector<std::string_view> names;
    for (const LayerFormat& format : formats) names.push_back(format.name);
    return names;
}

std::vector<std::string_view> openable_formats() {
    std::vector<std::string_view> formats = read_formats();
    formats.push_back(package_format);
    return formats;
}

bool is_read(std::string_view format) {
    return std::ranges::find(formats, format, &LayerFormat::name) != formats.end();
}

Layer open_layer(std::string_view format, ByteSourcePtr source, LayerRequest request) {
    const auto* found = std::ranges::find(formats, format, &LayerFormat::name);
    VARVE_CHECK(found != formats.end());
    return found->open(std::move(source), request);
}

}  // namespace varve
