#include "cli/render/render_volumes.h"

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"
#include "cli/terminal/table.h"
#include "engine/base/escape.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

template <typename Value>
Json value_or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json(nullptr);
}

Json volume_json(const lvm::ListedVolume& v) {
    Json json;
    json["volume_group"] = v.group;
    json["volume_group_uuid"] = v.group_uuid;
    json["name"] = v.name;
    json["uuid"] = v.uuid;
    json["size"] = v.size.value;
    json["type"] = v.type;
    json["segment_types"] = v.segment_types;
    json["origin"] = value_or_null(v.origin);
    json["pool"] = value_or_null(v.pool);
    json["time"] = v.time_ns ? Json(format_utc(*v.time_ns)) : Json(nullptr);
    json["readable"] = !v.why_unreadable;
    json["reason"] = v.why_unreadable ? Json(safe_sentence(*v.why_unreadable)) : Json(nullptr);
    return json;
}

Json volume_group_json(const lvm::ListedGroup& g) {
    Json json;
    json["name"] = g.name;
    json["uuid"] = g.uuid;
    json["seqno"] = g.seqno;
    json["extent_size"] = g.extent_size.value;
    json["exported"] = g.is_exported;
    json["other_hosts"] = text_or_null(safe_sentence(g.other_hosts));
    return json;
}

/// "volume group vgt: extents of 1.0 MiB, on '/dev/sda2', '/dev/sdb'".
std::string group_text(const lvm::ListedGroup& g, const lvm::VolumeList& list) {
    std::vector<std::string> disks;
    for (const lvm::ListedPhysicalVolume& p : list.physical_volumes)
        if (p.group_uuid == g.uuid && !p.place.empty()) disks.push_back(safe_sentence(p.place));
    return fmt::format("volume group {}: extents of {}, on {}{}{}\n", escape_for_display(g.name),
                       human_size(g.extent_size), fmt::join(disks, ", "), g.is_exported ? ", exported" : "",
                       g.other_hosts.empty() ? "" : "; it " + safe_sentence(g.other_hosts));
}

Json physical_volume_json(const lvm::ListedPhysicalVolume& p) {
    Json json;
    json["uuid"] = p.uuid;
    json["volume_group"] = text_or_null(p.group);
    json["place"] = text_or_null(safe_sentence(p.place));
    return json;
}

}  // namespace

std::string volumes_text(const lvm::VolumeList& list) {
    Table table({{"VOLUME"}, {"SIZE", Table::Align::right}, {"TYPE"}, {"ORIGIN"}, {"MADE"}, {"READABLE"}});
    std::string below;
    for (const lvm::ListedVolume& v : list.volumes) {
        table.add({"lvm:" + escape_for_display(v.group + "/" + v.name), human_size(v.size), escape_for_display(v.type),
                   escape_for_display(v.origin.value_or("")), v.time_ns ? format_local(*v.time_ns) : "",
                   v.why_unreadable ? "no" : "yes"});
        if (v.why_unreadable) below += "\n  " + safe_sentence(*v.why_unreadable);
    }
    for (const lvm::ListedPhysicalVolume& p : list.physical_volumes) {
        if (p.place.empty())
            below += fmt::format("\n  physical volume {} of '{}' is missing", escape_for_display(p.uuid),
                                 escape_for_display(p.group));
        else if (p.group.empty())
            below += fmt::format("\n  {} is a physical volume without a group", safe_sentence(p.place));
    }
    std::string out;
    for (const lvm::ListedGroup& g : list.groups) out += group_text(g, list);
    out += list.volumes.empty() ? "no logical volumes\n" : "\n" + table.text();
    return below.empty() ? out : out + below + "\n";
}

Json volumes_json(const lvm::VolumeList& list) {
    Json json;
    json["volume_groups"] = Json::array();
    for (const lvm::ListedGroup& g : list.groups) json["volume_groups"].push_back(volume_group_json(g));
    json["volumes"] = Json::array();
    for (const lvm::ListedVolume& v : list.volumes) json["volumes"].push_back(volume_json(v));
    json["physical_volumes"] = Json::array();
    for (const lvm::ListedPhysicalVolume& p : list.physical_volumes)
        json["physical_volumes"].push_back(physical_volume_json(p));
    return json;
}

}  // namespace varve
