#include "cli/render/render_package.h"

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"
#include "cli/terminal/table.h"
#include "engine/base/escape.h"

namespace varve {

std::string package_text(const appliance::PackageReader& package) {
    Table table({{"MEMBER"}, {"ID"}, {"CAPACITY", Table::Align::right}, {"FILE"}});
    for (const appliance::PackagedDisk& disk : package.disks())
        table.add({escape_for_display(disk.name), escape_for_display(disk.id),
                   disk.capacity ? human_size(*disk.capacity) : "", disk.file ? "yes" : "no: an empty disk"});
    std::string out = "format: ova (appliance)\n";
    out += fmt::format("descriptor: {}\n", safe_sentence(package.place().name));
    if (!package.name().empty()) out += fmt::format("machine: {}\n", escape_for_display(package.name()));
    out += fmt::format("manifest: {}\n", package.has_manifest() ? "present, checked when a disk is read" : "not used");
    return out + (package.disks().empty() ? "no disks\n" : "\n" + table.text());
}

Json package_json(const appliance::PackageReader& package) {
    Json json;
    json["format"] = "ova";
    json["descriptor"] = package.place().path;
    json["machine"] = text_or_null(package.name());
    json["has_manifest"] = package.has_manifest();
    json["disks"] = Json::array();
    for (const appliance::PackagedDisk& disk : package.disks()) {
        Json one;
        one["member"] = disk.name;
        one["id"] = disk.id;
        one["size"] = disk.capacity ? Json(disk.capacity->value) : Json(nullptr);
        one["has_file"] = disk.file.has_value();
        json["disks"].push_back(std::move(one));
    }
    return json;
}

}  // namespace varve
