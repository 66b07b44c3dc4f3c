#include "engine/backup/change_policy.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "engine/backup/copied_snapshot.h"
#include "engine/base/error.h"
#include "engine/naming/history.h"

namespace varve {
namespace {

/// So many former snapshots are offered to a change source; one that keeps a state back knows one of the last.
constexpr std::size_t candidates_max = 8;
/// Among so many of the last snapshots of a disk; for an internal snapshot, whose time may be long ago, among all.
constexpr std::size_t former_max = 64;

std::uint64_t distance(TimeNs a, TimeNs b) {
    return a < b ? static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a)
                 : static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

/// The snapshots that a change source may be able to compare with, the nearest in time first; of two equally near ones
/// the newer.
std::vector<ListedSnapshot> candidates(const std::vector<ListedSnapshot>& former, TimeNs time) {
    std::vector<ListedSnapshot> usable;
    for (const ListedSnapshot& listed : former)
        // Unreadable ranges are zeros in the snapshot and must be read again, so nothing is inherited from it.
        if (!listed.record.change_token.empty() && listed.record.unreadable.empty()) usable.push_back(listed);
    std::reverse(usable.begin(), usable.end());
    std::stable_sort(usable.begin(), usable.end(), [&](const ListedSnapshot& a, const ListedSnapshot& b) {
        return distance(a.record.time, time) < distance(b.record.time, time);
    });
    if (usable.size() > candidates_max) usable.erase(usable.begin() + candidates_max, usable.end());
    return usable;
}

}  // namespace

BackupParent choose_parent(const Catalog& catalog, const BackupRequest& request, Progress& progress) {
    using How = ChangeDetection::How;
    if (request.copy_of != nullptr) return request.copy_of->choose_parent(catalog);
    const std::vector<ListedSnapshot> former = request.source.snapshot.empty()
                                                   ? catalog.last_snapshots(request.disk, former_max)
                                                   : catalog.snapshots(request.disk);
    if (former.empty()) return {std::nullopt, nullptr, 0, {How::full}};
    std::string why_not;
    if (request.change_source != nullptr) {
        for (const ListedSnapshot& candidate : candidates(former, request.time)) {
            ChangesSince since = request.change_source->changed_since(candidate.record.change_token);
            if (since.map)
                return {candidate, std::move(since.map), request.audit_chunks, {How::change_source, since.kind}};
            if (why_not.empty()) why_not = std::move(since.why_not);
        }
    }
    if (!why_not.empty()) progress.warn(fmt::format("{}: {}", request.source.path, why_not));
    return {latest_of(former), nullptr, 0, {How::rescan}};
}

void check_same_source(const Catalog& catalog, const BackupRequest& request, NamedByUser named) {
    const std::vector<ListedSnapshot> former = catalog.last_snapshots(request.disk, 1);
    if (former.empty()) return;
    const SourceRecord& then = latest_of(former).record.source;
    const SourceRecord& now = request.source;
    if (then.path != now.path && !named.disk)
        throw Error(
            ErrorCode::refused,
            fmt::format("disk '{}' was last backed up from '{}', this is '{}'; if it is the same disk, pass --disk {}, "
                        "otherwise name it differently with --disk NAME",
                        request.disk, then.path, now.path, request.disk));
    if (then.format != now.format && !named.format)
        throw Error(ErrorCode::refused,
                    fmt::format("disk '{}' was last backed up as {}, '{}' looks like {}; if that is right, pass "
                                "--format {}, if it is still {}, pass --format {}",
                                request.disk, then.format, now.path, now.format, now.format, then.format, then.format));
}

std::optional<SnapshotRecord> find_state(const Catalog& catalog, const std::string& disk, const std::string& state) {
    std::optional<SnapshotRecord> found;
    if (state.empty()) return found;
    for (const ListedSnapshot& listed : catalog.snapshots(disk))
        if (listed.record.source.state == state) found = listed.record;
    return found;
}

}  // namespace varve
