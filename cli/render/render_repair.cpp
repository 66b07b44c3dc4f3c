#include "cli/render/render_repair.h"

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "engine/base/escape.h"
#include "engine/prune/heal.h"

namespace varve {
namespace {

constexpr std::size_t packs_shown_max = 5;

std::string done_text(const PruneReport& report, PruneMode mode) {
    if (mode == PruneMode::preview)
        return fmt::format("would write {} anew\n", counted(report.plan.packs.size(), "damaged pack"));
    return healed_text(report) + "\n";
}

std::string still_damaged_text(const std::vector<KeptPack>& kept) {
    std::string out;
    for (std::size_t i = 0; i < kept.size() && i < packs_shown_max; ++i)
        out += fmt::format("pack {} stays damaged: {}\n", kept[i].id.hex(), escape_for_display(kept[i].why));
    if (kept.size() > packs_shown_max) out += fmt::format("and {} more packs\n", kept.size() - packs_shown_max);
    return out + "pass --from an image or a repository that still has the data, or back the disk up again\n";
}

}  // namespace

std::string repair_text(const PruneReport& report, PruneMode mode) {
    std::string out;
    if (!report.plan.packs.empty()) out += done_text(report, mode);
    if (!report.kept.empty()) out += still_damaged_text(report.kept);
    return out.empty() ? "nothing to repair: this host knows of no damage; 'varve verify' looks for it\n" : out;
}

Json repair_json(const PruneReport& report, PruneMode mode) {
    Json json;
    json["dry_run"] = mode == PruneMode::preview;
    json["log_entry"] = report.entry ? Json(*report.entry) : Json(nullptr);
    json["pack_count"] = report.plan.packs.size();
    json["chunks_healed"] = report.healed_chunks;
    json["pages_healed"] = report.healed_pages;
    json["bytes_copied"] = report.plan.bytes_to_copy().value;
    json["kept"] = kept_json(report.kept);
    return json;
}

}  // namespace varve
