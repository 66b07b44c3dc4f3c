#include "cli/render/render_image.h"

#include <fmt/format.h>

#include "cli/render/render_snapshot.h"
#include "cli/terminal/human_size.h"
#include "engine/base/escape.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

std::string image_line(std::string_view label, std::string_view value) {
    return fmt::format("{:<13} {}\n", label, value);
}

std::string yes_or_no(bool value) { return value ? "yes" : "no"; }

std::string snapshot_text(const ImageSnapshot& s) {
    return image_line("snapshot", fmt::format("{} '{}', {}, of {}", escape_for_display(s.id),
                                              escape_for_display(s.name), human_size(s.size), format_local(s.time_ns)));
}

std::string bitmap_text(const ImageBitmap& b) {
    return image_line("bitmap", fmt::format("'{}', granularity {}, enabled {}, in use {}, consistent {}",
                                            escape_for_display(b.name), human_size(b.granularity), yes_or_no(b.enabled),
                                            yes_or_no(b.in_use), yes_or_no(b.consistent)));
}

Json internal_snapshot_json(const ImageSnapshot& s) {
    Json json;
    json["id"] = s.id;
    json["name"] = s.name;
    json["size"] = s.size.value;
    json["time"] = format_utc(s.time_ns);
    return json;
}

Json bitmap_json(const ImageBitmap& b) {
    Json json;
    json["name"] = b.name;
    json["granularity"] = b.granularity.value;
    json["enabled"] = b.enabled;
    json["in_use"] = b.in_use;
    json["consistent"] = b.consistent;
    return json;
}

}  // namespace

std::string info_text(const ImageInfo& info, const ImageFileFacts& file) {
    std::string out = image_line("format", info.format) +
                      image_line("virtual size",
                                 fmt::format("{} ({} bytes)", human_size(info.virtual_size), info.virtual_size.value));
    if (file.allocated) out += image_line("allocated", human_size(*file.allocated));
    if (info.cluster_size.value != 0) out += image_line("cluster size", human_size(info.cluster_size));
    if (info.backing)
        out += image_line("backing file",
                          escape_for_display(*info.backing) + (file.is_backing_followed ? "" : " (not followed)"));
    if (!info.options.empty()) out += image_line("options", pairs_text(info.options));
    for (const std::string& feature : info.features) out += image_line("feature", escape_for_display(feature));
    for (const ImageSnapshot& s : info.snapshots) out += snapshot_text(s);
    for (const ImageBitmap& b : info.bitmaps) out += bitmap_text(b);
    return out;
}

Json info_json(const ImageInfo& info, const ImageFileFacts& file) {
    Json json;
    json["format"] = info.format;
    json["size"] = info.virtual_size.value;
    json["bytes_allocated"] = file.allocated ? Json(file.allocated->value) : Json(nullptr);
    json["cluster_size"] = info.cluster_size.value == 0 ? Json(nullptr) : Json(info.cluster_size.value);
    json["backing"] = info.backing ? Json(*info.backing) : Json(nullptr);
    json["backing_followed"] = info.backing ? Json(file.is_backing_followed) : Json(nullptr);
    json["internal_snapshots"] = Json::array();
    for (const ImageSnapshot& s : info.snapshots) json["internal_snapshots"].push_back(internal_snapshot_json(s));
    json["bitmaps"] = Json::array();
    for (const ImageBitmap& b : info.bitmaps) json["bitmaps"].push_back(bitmap_json(b));
    json["features"] = info.features;
    json["options"] = Json::object();
    for (const auto& [word, value] : info.options) json["options"][word] = value;
    return json;
}

}  // namespace varve
