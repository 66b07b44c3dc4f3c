#include "cli/render/render_stats.h"

#include <cmath>

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/table.h"
#include "engine/base/escape.h"
#include "engine/base/timestamp.h"

namespace varve {
namespace {

std::string ratio_text(const std::optional<double>& ratio) { return ratio ? fmt::format("{:.2f}", *ratio) : "-"; }

std::string size_text(const std::optional<double>& bytes) {
    return bytes ? human_size({static_cast<std::uint64_t>(std::llround(*bytes))}) : "-";
}

std::optional<double> bytes_per_day(const Growth& growth) {
    return growth.has_days ? std::optional(growth.bytes_per_day) : std::nullopt;
}

std::string stats_line(std::string_view label, std::string_view value) {
    return fmt::format("{:<12} {}\n", label, value);
}

std::string dedup_text(const SnapshotStats& s) {
    const auto ratio = s.dedup_ratio();
    return ratio ? fmt::format("{:.2f}: {} were in the repository already", *ratio, human_size(s.reused())) : "-";
}

std::string growth_text(const Growth& growth) {
    const auto per_day = bytes_per_day(growth);
    return size_text(growth.bytes_per_snapshot()) + " a snapshot" +
           (per_day ? fmt::format(", {} a day", size_text(per_day)) : "");
}

std::string total_text(const RepositoryStats& stats) {
    const SnapshotStats& t = stats.total;
    std::string out =
        stats_line("snapshots", fmt::format("{} of {}: {} virtual, {} changed, {} stored", t.snapshots,
                                            counted(stats.disks.size(), "disk"), human_size(t.virtual_bytes),
                                            human_size(t.changed), human_size(t.stored)));
    if (t.referenced) out += stats_line("referenced", human_size(*t.referenced) + " by the newest of each disk");
    return out + stats_line("dedup", dedup_text(t)) + stats_line("compression", ratio_text(t.compression_ratio())) +
           stats_line("growth", growth_text(t.growth));
}

std::string size_on_disk_text(const PackStats& p) {
    return stats_line("on disk", fmt::format("{} in {}", human_size(p.bytes_on_disk()),
                                             counted(p.data.count + p.metadata.count + p.uncommitted.count, "pack")));
}

std::string packs_text(const PackStats& p) {
    std::string out =
        stats_line("packs",
                   fmt::format("{} of data ({}), {} of metadata ({}, {:.1f} %)", p.data.count, human_size(p.data.bytes),
                               p.metadata.count, human_size(p.metadata.bytes), p.metadata_share().value_or(0) * 100)) +
        stats_line("content", fmt::format("{} ({}), {} of them as patches", counted(p.chunks, "chunk"),
                                          human_size({p.chunks * chunk_bytes}), p.patches));
    if (p.uncommitted.count != 0)
        out += stats_line("uncommitted",
                          fmt::format("{} ({}) of running or killed backups", counted(p.uncommitted.count, "pack"),
                                      human_size(p.uncommitted.bytes)));
    return out;
}

std::string disks_text(const std::vector<DiskStats>& disks) {
    using Align = Table::Align;
    Table table({{"DISK"},
                 {"SNAPSHOTS", Align::right},
                 {"SIZE", Align::right},
                 {"CHANGED", Align::right},
                 {"STORED", Align::right},
                 {"REUSED", Align::right},
                 {"COMPRESSION", Align::right},
                 {"A SNAPSHOT", Align::right},
                 {"A DAY", Align::right}});
    for (const DiskStats& disk : disks) {
        const SnapshotStats& s = disk.snapshots;
        table.add({escape_for_display(disk.disk), std::to_string(s.snapshots), human_size(disk.size),
                   human_size(s.changed), human_size(s.stored), human_size(s.reused()),
                   ratio_text(s.compression_ratio()), size_text(s.growth.bytes_per_snapshot()),
                   size_text(bytes_per_day(s.growth))});
    }
    return table.text();
}

/// To a thousandth.
Json ratio_json(const std::optional<double>& ratio) {
    return ratio ? Json(std::round(*ratio * 1000) / 1000) : Json(nullptr);
}

Json bytes_json(const std::optional<double>& bytes) {
    return bytes ? Json(static_cast<std::uint64_t>(std::llround(*bytes))) : Json(nullptr);
}

void set_snapshots(Json& json, const SnapshotStats& s) {
    json["snapshot_count"] = s.snapshots;
    json["bytes_virtual"] = s.virtual_bytes.value;
    json["bytes_changed"] = s.changed.value;
    json["bytes_stored"] = s.stored.value;
    json["bytes_referenced"] = s.referenced ? Json(s.referenced->value) : Json(nullptr);
    json["chunks_new"] = s.chunks_new;
    json["chunks_reused"] = s.chunks_reused;
    json["compression_ratio"] = ratio_json(s.compression_ratio());
    json["bytes_grown_per_snapshot"] = bytes_json(s.growth.bytes_per_snapshot());
    json["bytes_grown_per_day"] = bytes_json(bytes_per_day(s.growth));
}

Json pack_total_json(const PackTotal& total) {
    Json json;
    json["pack_count"] = total.count;
    json["bytes_stored"] = total.bytes.value;
    return json;
}

Json packs_json(const PackStats& p) {
    Json json;
    json["data"] = pack_total_json(p.data);
    json["metadata"] = pack_total_json(p.metadata);
    json["uncommitted"] = pack_total_json(p.uncommitted);
    json["chunk_count"] = p.chunks;
    json["patch_count"] = p.patches;
    json["compression_ratio"] = ratio_json(p.compression_ratio());
    json["metadata_share"] = ratio_json(p.metadata_share());
    return json;
}

}  // namespace

std::string stats_text(const RepositoryStats& stats) {
    const std::string size = size_on_disk_text(stats.packs);
    if (stats.disks.empty()) return size + "no snapshots\n" + packs_text(stats.packs);
    return size + total_text(stats) + packs_text(stats.packs) + "\n" + disks_text(stats.disks);
}

Json stats_json(const RepositoryStats& stats) {
    Json json;
    json["bytes_on_disk"] = stats.packs.bytes_on_disk().value;
    json["packs"] = packs_json(stats.packs);
    set_snapshots(json["total"], stats.total);
    json["total"]["dedup_ratio"] = ratio_json(stats.total.dedup_ratio());
    json["disks"] = Json::array();
    for (const DiskStats& disk : stats.disks) {
        Json one;
        one["disk"] = disk.disk;
        one["size"] = disk.size.value;
        one["oldest"] = format_utc(disk.oldest);
        one["newest"] = format_utc(disk.newest);
        set_snapshots(one, disk.snapshots);
        json["disks"].push_back(std::move(one));
    }
    return json;
}

}  // namespace varve
