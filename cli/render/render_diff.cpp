#include "cli/render/render_diff.h"

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/table.h"

namespace varve {

std::string diff_text(const SnapshotDiff& diff) {
    if (diff.extents.empty()) return "no difference\n";
    Table table({{"OFFSET", Table::Align::right}, {"LENGTH", Table::Align::right}, {"FROM"}, {"TO"}});
    for (const DiffExtent& e : diff.extents)
        table.add({std::to_string(e.begin.value), std::to_string(e.length.value), std::string(to_string(e.from)),
                   std::string(to_string(e.to))});
    return table.text() +
           fmt::format("{} changed in {}\n", human_size(diff.bytes_changed), counted(diff.extents.size(), "extent"));
}

Json diff_json(const SnapshotRecord& a, const SnapshotRecord& b, const SnapshotDiff& diff) {
    Json json;
    json["snapshot_a"] = a.id.hex();
    json["snapshot_b"] = b.id.hex();
    json["extents"] = Json::array();
    for (const DiffExtent& e : diff.extents) {
        Json one;
        one["offset"] = e.begin.value;
        one["length"] = e.length.value;
        one["from"] = to_string(e.from);
        one["to"] = to_string(e.to);
        json["extents"].push_back(std::move(one));
    }
    json["bytes_changed"] = diff.bytes_changed.value;
    return json;
}

}  // namespace varve
