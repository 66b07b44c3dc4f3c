#include "cli/render/render_prune.h"

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

constexpr std::size_t kept_shown_max = 5;

void add_pack(PackSum& sum, ByteCount size) {
    ++sum.count;
    sum.bytes += size;
}

/// The packs that go, by reason.
struct GivenUp {
    PackSum dead;
    PackSum orphans;
    PackSum rewritten;
    PackSum merged;
    PackSum healed;
    PackSum leftovers;

    explicit GivenUp(const PrunePlan& plan) {
        for (const PlannedPack& pack : plan.packs) {
            if (pack.fate == PackFate::dead) add_pack(dead, pack.facts.size);
            if (pack.fate == PackFate::orphan) add_pack(orphans, pack.facts.size);
            if (pack.fate == PackFate::rewritten) add_pack(rewritten, pack.facts.size);
            if (pack.fate == PackFate::merged) add_pack(merged, pack.facts.size);
            if (pack.fate == PackFate::healed) add_pack(healed, pack.facts.size);
        }
        for (const PackFacts& pack : plan.leftovers) add_pack(leftovers, pack.size);
    }

    PackSum all() const {
        PackSum sum;
        for (const PackSum& part : {dead, orphans, rewritten, merged, healed, leftovers}) {
            sum.count += part.count;
            sum.bytes += part.bytes;
        }
        return sum;
    }
};

PackSum removed(const PruneReport& report, PruneMode mode) {
    return mode == PruneMode::preview ? GivenUp(report.plan).all() : report.removed;
}

ByteCount written(const PruneReport& report, PruneMode mode) {
    return mode == PruneMode::preview ? report.plan.bytes_to_copy() : report.written.bytes;
}

/// Negative when more was written than removed.
std::int64_t freed(const PruneReport& report, PruneMode mode) {
    return static_cast<std::int64_t>(removed(report, mode).bytes.value) -
           static_cast<std::int64_t>(written(report, mode).value);
}

std::string packs_line(std::string_view label, const PackSum& sum, std::string_view what) {
    if (sum.count == 0) return "";
    return fmt::format("  {:<10} {} ({}) {}\n", label, counted(sum.count, "pack"), human_size(sum.bytes), what);
}

std::string headline(const PruneReport& report, PruneMode mode) {
    const PackSum gone = removed(report, mode);
    if (gone.count == 0 && report.remaining.count == 0) return "nothing to prune\n";
    const std::int64_t bytes = freed(report, mode);
    const std::string change = bytes >= 0 ? human_size({static_cast<std::uint64_t>(bytes)}) + " freed"
                                          : human_size({static_cast<std::uint64_t>(-bytes)}) + " more in use";
    if (mode == PruneMode::preview)
        return fmt::format("would remove {}, {}; {} to copy\n", counted(gone.count, "pack"), change,
                           human_size(report.plan.bytes_to_copy()));
    return fmt::format("removed {}, {}; {} copied\n", counted(gone.count, "pack"), change,
                       human_size(report.plan.bytes_to_copy()));
}

std::string kept_text(const std::vector<KeptPack>& kept) {
    std::string out;
    for (std::size_t i = 0; i < kept.size() && i < kept_shown_max; ++i)
        out += fmt::format("pack {} stays, because something in it cannot be read: {}\n", kept[i].id.hex(),
                           escape_for_display(kept[i].why));
    if (kept.size() > kept_shown_max) out += fmt::format("and {} more packs\n", kept.size() - kept_shown_max);
    return out;
}

Json sum_json(std::uint64_t count, ByteCount bytes) {
    Json json;
    json["pack_count"] = count;
    json["bytes_stored"] = bytes.value;
    return json;
}

Json sum_json(const PackSum& sum) { return sum_json(sum.count, sum.bytes); }

}  // namespace

std::string prune_text(const PruneReport& report, PruneMode mode) {
    const GivenUp given_up(report.plan);
    std::string out = headline(report, mode);
    out += packs_line("dead", given_up.dead, "that no snapshot needs");
    out += packs_line("rewritten", given_up.rewritten, "of which a quarter or more is not needed");
    out += packs_line("merged", given_up.merged, "that were small");
    out += packs_line("healed", given_up.healed, "that were damaged, and are written anew");
    out += packs_line("orphans", given_up.orphans, "of killed commands");
    out += packs_line("leftovers", given_up.leftovers, "of an earlier prune");
    out +=
        packs_line("spared", {report.plan.spared.count, report.plan.spared.bytes}, "of commands that may be running");
    if (report.postponed != 0) out += fmt::format("{} left for the next prune\n", counted(report.postponed, "pack"));
    return out + kept_text(report.kept);
}

Json kept_json(const std::vector<KeptPack>& kept) {
    Json json = Json::array();
    for (const KeptPack& pack : kept) {
        Json one;
        one["pack"] = pack.id.hex();
        one["reason"] = escape_for_display(pack.why);
        json.push_back(std::move(one));
    }
    return json;
}

Json prune_json(const PruneReport& report, PruneMode mode) {
    const GivenUp given_up(report.plan);
    Json json;
    json["dry_run"] = mode == PruneMode::preview;
    json["log_entry"] = report.entry ? Json(*report.entry) : Json(nullptr);
    json["bytes_on_disk"] = report.plan.bytes_before.value;
    json["bytes_freed"] = freed(report, mode);
    json["bytes_copied"] = report.plan.bytes_to_copy().value;
    Json& packs = json["packs"];
    packs["dead"] = sum_json(given_up.dead);
    packs["rewritten"] = sum_json(given_up.rewritten);
    packs["merged"] = sum_json(given_up.merged);
    packs["healed"] = sum_json(given_up.healed);
    packs["orphans"] = sum_json(given_up.orphans);
    packs["leftovers"] = sum_json(given_up.leftovers);
    packs["spared"] = sum_json(report.plan.spared.count, report.plan.spared.bytes);
    packs["written"] = sum_json(report.written);
    packs["removed"] = sum_json(report.removed);
    packs["remaining"] = sum_json(report.remaining);
    json["chunks_healed"] = report.healed_chunks;
    json["pages_healed"] = report.healed_pages;
    json["postponed_count"] = report.postponed;
    json["kept"] = kept_json(report.kept);
    return json;
}

}  // namespace varve
