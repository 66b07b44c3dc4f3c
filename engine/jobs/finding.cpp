#include "engine/jobs/finding.h"

#include <algorithm>

#include <fmt/format.h>

namespace varve {

std::string_view to_string(FindingKind kind) {
    switch (kind) {
        case FindingKind::config_damaged:
            return "config_damaged";
        case FindingKind::log_entry_missing:
            return "log_entry_missing";
        case FindingKind::log_entry_damaged:
            return "log_entry_damaged";
        case FindingKind::checkpoint_damaged:
            return "checkpoint_damaged";
        case FindingKind::checkpoint_unproven:
            return "checkpoint_unproven";
        case FindingKind::pack_missing:
            return "pack_missing";
        case FindingKind::pack_damaged:
            return "pack_damaged";
        case FindingKind::chunk_damaged:
            return "chunk_damaged";
        case FindingKind::map_damaged:
            return "map_damaged";
        case FindingKind::attachment_damaged:
            return "attachment_damaged";
        case FindingKind::slot_table_damaged:
            return "slot_table_damaged";
        case FindingKind::move_table_damaged:
            return "move_table_damaged";
        case FindingKind::root_mismatch:
            return "root_mismatch";
        case FindingKind::content_differs:
            return "content_differs";
    }
    return "unknown";
}

std::string slot_name(const ChunkAddress& address) {
    return fmt::format("slot {} of pack {}", address.slot, address.pack.hex());
}

Finding finding_about(FindingKind kind, std::string object, std::string message) {
    Finding finding;
    finding.kind = kind;
    finding.object = std::move(object);
    finding.message = std::move(message);
    return finding;
}

Finding finding_at(const SnapshotRecord& snapshot, FindingKind kind, std::uint64_t begin, std::uint64_t end,
                   std::string object, std::string message) {
    Finding finding;
    finding.kind = kind;
    finding.object = std::move(object);
    finding.snapshot = snapshot.id.hex();
    finding.disk = snapshot.disk;
    finding.offset = std::min(begin, snapshot.size.value);
    finding.length = std::min(end, snapshot.size.value) - finding.offset;
    finding.message = std::move(message);
    return finding;
}

Finding more_places(const SnapshotRecord& snapshot, FindingKind kind) {
    return finding_at(snapshot, kind, 0, 0, "snapshot",
                      fmt::format("it may be damaged at more places: {} are listed, of all snapshots", places_max));
}

void merge_neighbours(std::vector<Finding>& findings) {
    std::vector<Finding> merged;
    for (Finding& finding : findings) {
        if (!merged.empty() && finding.length != 0) {
            Finding& last = merged.back();
            if (last.kind == finding.kind && last.snapshot == finding.snapshot && last.object == finding.object &&
                last.offset + last.length == finding.offset) {
                last.length += finding.length;
                continue;
            }
        }
        merged.push_back(std::move(finding));
    }
    findings = std::move(merged);
}

}  // namespace varve
