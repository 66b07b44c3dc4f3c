#include "cli/backup/compare_with_former.h"

#include <algorithm>

#include <fmt/format.h>

namespace varve {
namespace {

/// So many former snapshots are asked about; a change source that keeps one back knows one of the last.
constexpr std::size_t candidates_max = 8;

std::vector<SnapshotRecord> candidates(const Catalog& catalog, const BackupRequest& request) {
    std::vector<SnapshotRecord> former;
    for (const ListedSnapshot& listed : catalog.snapshots(request.disk))
        // What could not be read then is zeros in the snapshot: it must be read again, so nothing is taken from there.
        if (!listed.record.change_token.empty() && listed.record.unreadable.empty()) former.push_back(listed.record);
    const auto distance = [&](const SnapshotRecord& record) {
        const auto a = static_cast<double>(record.time);
        const auto b = static_cast<double>(request.time);
        return a < b ? b - a : a - b;
    };
    std::ranges::reverse(former);  // of two that are as near the newer one
    std::ranges::stable_sort(former, {}, distance);
    if (former.size() > candidates_max) former.resize(candidates_max);
    return former;
}

}  // namespace

void compare_with_former(BackupInput& input, const Catalog& catalog, Progress& progress) {
    input.request.changes.reset();
    if (input.change_source == nullptr) return;
    std::string why_not;
    for (const SnapshotRecord& former : candidates(catalog, input.request)) {
        ChangesSince since = input.change_source->changed_since(former.change_token);
        if (since.map) {
            input.changes = std::move(since.map);
            input.request.changes = KnownChanges{former.id, input.changes.get(), since.kind, input.audit_chunks};
            return;
        }
        if (why_not.empty()) why_not = std::move(since.why_not);
    }
    if (!why_not.empty()) progress.warn(fmt::format("{}: {}", input.source.path, why_not));
}

}  // namespace varve
