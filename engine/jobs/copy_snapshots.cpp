#include "engine/jobs/copy_snapshots.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "engine/backup/backup.h"
#include "engine/backup/copied_snapshot.h"
#include "engine/jobs/tag.h"
#include "engine/naming/disk_name.h"
#include "engine/repository/attachment.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/log_damage.h"
#include "engine/repository/map_changes.h"
#include "engine/repository/snapshot_reader.h"

namespace varve {
namespace {

/// Among so many of the target's last snapshots of a disk the one to inherit from is chosen.
constexpr std::size_t bases_max = 64;

/// A snapshot's place in the log.
using LogPlace = std::pair<LogNumber, std::uint32_t>;
LogPlace place_of(const ListedSnapshot& snapshot) { return {snapshot.commit, snapshot.position}; }

using LogPlaces = std::unordered_map<SnapshotId, LogPlace>;

using Tags = std::map<std::string, std::string>;

/// The tags to add to the copy.
Tags missing_tags(const Tags& original, const Tags& copy) {
    Tags missing;
    for (const auto& [name, value] : original)
        if (const auto found = copy.find(name); found == copy.end() || found->second != value)
            missing.emplace(name, value);
    return missing;
}

/// Chooses what a copy inherits from: a snapshot of its disk that both repositories have, because then the maps of the
/// source alone show what differs.
class CopyOrigin final : public CopiedSnapshot {
public:
    /// Borrows all. `places` are those of the source.
    CopyOrigin(const SnapshotRecord& original, const Repository& from, const Repository& to, const LogPlaces& places)
        : original_(original), from_(from), to_(to), places_(places) {}

    const SnapshotRecord& record() const override { return original_; }
    BackupParent choose_parent(const Catalog& catalog) const override;

private:
    const ListedSnapshot* common_base(std::span<const ListedSnapshot> here) const;
    bool is_nearer(const LogPlace& a, const LogPlace& b) const;
    std::optional<SnapshotRecord> original_of(const SnapshotRecord& base) const;

    const SnapshotRecord& original_;
    const Repository& from_;
    const Repository& to_;
    const LogPlaces& places_;
};

/// One before it in the log is nearer than one after it.
bool CopyOrigin::is_nearer(const LogPlace& a, const LogPlace& b) const {
    const LogPlace& own = places_.at(original_.id);
    const bool is_a_before = a < own;
    if (is_a_before != (b < own)) return is_a_before;
    return is_a_before ? b < a : a < b;
}

/// The original's own parent, else the nearest in the source's log; null: there is none.
const ListedSnapshot* CopyOrigin::common_base(std::span<const ListedSnapshot> here) const {
    const ListedSnapshot* best = nullptr;
    for (const ListedSnapshot& candidate : here) {
        const auto place = places_.find(candidate.record.id);
        if (place == places_.end()) continue;
        if (candidate.record.id == original_.parent) return &candidate;
        if (best == nullptr || is_nearer(place->second, places_.at(best->record.id))) best = &candidate;
    }
    return best;
}

std::optional<SnapshotRecord> CopyOrigin::original_of(const SnapshotRecord& base) const {
    for (ListedSnapshot& there : from_.catalog.snapshots_by_prefix(base.id.hex()))
        if (there.record.root == base.root) return std::move(there.record);
    return std::nullopt;
}

BackupParent CopyOrigin::choose_parent(const Catalog& catalog) const {
    const std::vector<ListedSnapshot> here = catalog.last_snapshots(original_.disk, bases_max);
    if (here.empty()) return {};
    const ListedSnapshot* common = common_base(here);
    const ListedSnapshot& base = common != nullptr ? *common : here.back();
    const std::optional<SnapshotRecord> there = common != nullptr ? original_of(base.record) : std::nullopt;
    DiskMap now(from_.chunks, original_);
    auto changes =
        there
            ? std::make_unique<MapChanges>(DiskMap(from_.chunks, *there), std::move(now), MapComparison::by_address)
            : std::make_unique<MapChanges>(DiskMap(to_.chunks, base.record), std::move(now), MapComparison::by_digest);
    return {base, std::move(changes), 0, original_.change_detection};
}

/// Throws Error(refused) for a name that a backup would refuse, too.
void check_name(std::string_view what, const std::string& name) {
    if (const auto fault = disk_name_fault(name))
        throw Error(ErrorCode::refused, fmt::format("the {} name '{}' {}, and no backup writes that; restore it with "
                                                    "--to FILE and back it up under another name",
                                                    what, name, *fault));
}

/// Names are read from the repository, and would be written again.
void check_names(const SnapshotRecord& original) {
    check_name("disk", original.disk);
    if (!original.group.empty()) check_name("group", original.group);
}

std::vector<FileToAttach> attachments_of(const Repository& from, const SnapshotRecord& original) {
    std::vector<FileToAttach> files;
    for (const Attachment& attachment : original.attachments) {
        if (const auto fault = attachment_name_fault(attachment.name))
            throw Error(ErrorCode::corrupt, fmt::format("the attachment name '{}' {}", attachment.name, *fault));
        files.push_back({attachment.name, read_attachment(from.chunks, attachment)});
    }
    return files;
}

/// Snapshots that are committed together: of one commit, each of another disk.
using CommitUnit = std::vector<SnapshotCopy*>;

std::string cannot_copy(const CommitUnit& unit) {
    const SnapshotRecord& first = unit.front()->original.record;
    if (unit.size() == 1) return fmt::format("cannot copy snapshot {} of disk '{}'", short_id(first.id), first.disk);
    return fmt::format("cannot copy the {} snapshots of group '{}' that log entry {} holds", unit.size(), first.group,
                       unit.front()->original.commit);
}

class CopyRun {
public:
    CopyRun(const Repository& from, const Repository& to, std::vector<ListedSnapshot> snapshots);

    /// How each snapshot will end, if nothing fails.
    std::vector<CopyOutcome> plan() const;

    void run(Repository& to, Progress& progress, const std::stop_token& stop, const CopyObserver& observe);

    CopyReport report;

private:
    void look();
    CopyOutcome plan_one(const ListedSnapshot& original) const;
    std::vector<CommitUnit> units_of(const std::vector<CopyOutcome>& planned);
    void run_unit(const CommitUnit& unit, Repository& to, Progress& progress, const std::stop_token& stop);
    void do_unit(const CommitUnit& unit, Repository& to, Progress& progress, const std::stop_token& stop);
    bool is_there(const ListedSnapshot& original, Repository& to, Progress& progress);
    void tag(SnapshotCopy& row, Repository& to, Progress& progress);
    void commit(const CommitUnit& unit, Repository& to, Progress& progress, const std::stop_token& stop);
    void note_own_entry();
    void warn_of_order(const ListedSnapshot& original, Progress& progress);

    const Repository& from_;
    const Repository& to_;
    LogPlaces places_;                          ///< of all that the source has
    std::map<std::string, LogPlace> newest_;    ///< by disk: of the last snapshot that both had when the run began
    std::set<std::string> disks_out_of_order_;  ///< that were warned about
    std::unordered_set<SnapshotId> present_;    ///< what the target has at seen_at_
    std::optional<ExaminedRepository> target_;  ///< for commits, as it was at seen_at_ but for those of this run
    LogHead seen_at_;
};

CopyRun::CopyRun(const Repository& from, const Repository& to, std::vector<ListedSnapshot> snapshots)
    : from_(from), to_(to) {
    check_two_repositories(from.info, to.info);
    look();
    for (const ListedSnapshot& s : from.catalog.snapshots()) {
        places_.emplace(s.record.id, place_of(s));
        if (!present_.contains(s.record.id)) continue;
        LogPlace& newest = newest_[s.record.disk];
        newest = std::max(newest, place_of(s));
    }
    std::ranges::sort(snapshots, {}, place_of);
    for (ListedSnapshot& s : snapshots) {
        places_.emplace(s.record.id, place_of(s));
        report.snapshots.push_back({std::move(s)});
    }
}

/// Finds out what the target has. The head is read first: what another program enters meanwhile is looked for again.
void CopyRun::look() {
    seen_at_ = to_.catalog.head();
    present_.clear();
    target_.reset();
    for (const ListedSnapshot& s : to_.catalog.snapshots()) present_.insert(s.record.id);
}

CopyOutcome CopyRun::plan_one(const ListedSnapshot& original) const {
    const SnapshotId& id = original.record.id;
    if (!present_.contains(id)) return CopyOutcome::copied;
    const std::vector<ListedSnapshot> found = to_.catalog.snapshots_by_prefix(id.hex());
    if (found.empty()) return CopyOutcome::copied;
    const SnapshotRecord& copy = found.front().record;
    if (copy.root != original.record.root || copy.disk != original.record.disk)
        throw Error(
            ErrorCode::refused,
            fmt::format("the target has another snapshot {} than the source: of disk '{}' with the root {}, not "
                        "of disk '{}' with the root {}; verify both repositories",
                        id.hex(), copy.disk, to_hex(copy.root.bytes), original.record.disk,
                        to_hex(original.record.root.bytes)));
    return missing_tags(original.record.tags, copy.tags).empty() ? CopyOutcome::present : CopyOutcome::tagged;
}

std::vector<CopyOutcome> CopyRun::plan() const {
    std::vector<CopyOutcome> planned;
    planned.reserve(report.snapshots.size());
    for (const SnapshotCopy& row : report.snapshots) planned.push_back(plan_one(row.original));
    return planned;
}

/// Of what is to be done.
std::vector<CommitUnit> CopyRun::units_of(const std::vector<CopyOutcome>& planned) {
    std::vector<CommitUnit> units;
    std::set<std::string> disks;
    for (std::size_t i = 0; i < planned.size(); ++i) {
        SnapshotCopy& row = report.snapshots[i];
        if (planned[i] == CopyOutcome::present) {
            row.outcome = CopyOutcome::present;
            continue;
        }
        const bool is_of_last = !units.empty() && units.back().front()->original.commit == row.original.commit;
        if (!is_of_last || disks.contains(row.original.record.disk)) {
            units.emplace_back();
            disks.clear();
        }
        disks.insert(row.original.record.disk);
        units.back().push_back(&row);
    }
    return units;
}

/// `@latest` and `@~N` follow the order of the log.
void CopyRun::warn_of_order(const ListedSnapshot& original, Progress& progress) {
    const std::string& disk = original.record.disk;
    const auto newest = newest_.find(disk);
    if (newest == newest_.end() || newest->second < place_of(original)) return;
    if (!disks_out_of_order_.insert(disk).second) return;
    progress.warn(
        fmt::format("the target already had later snapshots of disk '{}' than {}: there, '{}@latest' and "
                    "'{}@~1' follow the order in which they were copied; name them by time or id",
                    disk, short_id(original.record.id), disk, disk));
}

/// After its own entry the run knows the state without reading it again, unless another program was faster.
void CopyRun::note_own_entry() {
    const LogHead head = to_.catalog.head();
    if (head.number > seen_at_.number + 1) return look();
    seen_at_ = head;
}

void CopyRun::commit(const CommitUnit& unit, Repository& to, Progress& progress, const std::stop_token& stop) {
    const SnapshotRecord& first = unit.front()->original.record;
    for (const SnapshotCopy* row : unit) check_names(row->original.record);
    BackupGroup group{first.group, {}, attachments_of(from_, first), seen_at_};
    std::vector<std::unique_ptr<SnapshotReader>> readers;
    std::vector<std::unique_ptr<CopyOrigin>> origins;
    for (const SnapshotCopy* row : unit) {
        const SnapshotRecord& original = row->original.record;
        readers.push_back(std::make_unique<SnapshotReader>(from_.chunks, original));
        origins.push_back(std::make_unique<CopyOrigin>(original, from_, to, places_));
        DiskToBackUp disk;
        disk.source = readers.back().get();
        disk.request.disk = original.disk;
        disk.request.copy_of = origins.back().get();
        group.disks.push_back(std::move(disk));
    }
    if (!target_) target_.emplace(to, progress);
    const std::vector<SnapshotRecord> copies = backup(*target_, group, progress, stop);
    for (std::size_t i = 0; i < unit.size(); ++i) {
        unit[i]->outcome = CopyOutcome::copied;
        unit[i]->statistics = copies[i].statistics;
        present_.insert(copies[i].id);
        warn_of_order(unit[i]->original, progress);
    }
    note_own_entry();
}

void CopyRun::tag(SnapshotCopy& row, Repository& to, Progress& progress) {
    const SnapshotId& id = row.original.record.id;
    Tags missing = row.original.record.tags;
    for (const ListedSnapshot& found : to.catalog.snapshots_by_prefix(id.hex()))
        missing = missing_tags(row.original.record.tags, found.record.tags);
    edit_tags(to, {&id, 1}, {std::move(missing), {}}, progress);
    row.outcome = CopyOutcome::tagged;
    note_own_entry();
}

/// Decides again, since another program may have copied or forgotten something.
void CopyRun::do_unit(const CommitUnit& unit, Repository& to, Progress& progress, const std::stop_token& stop) {
    throw_if_stopped(stop);
    if (catch_up(to, progress) != seen_at_) look();
    CommitUnit missing;
    CommitUnit untagged;
    for (SnapshotCopy* row : unit) {
        const CopyOutcome planned = plan_one(row->original);
        if (planned == CopyOutcome::copied) missing.push_back(row);
        if (planned == CopyOutcome::tagged) untagged.push_back(row);
        if (planned == CopyOutcome::present) row->outcome = CopyOutcome::present;
    }
    if (!missing.empty()) commit(missing, to, progress, stop);
    for (SnapshotCopy* row : untagged) tag(*row, to, progress);
}

/// After a failure: another program may have been faster, or an entry that could not be read back may be there after
/// all.
bool CopyRun::is_there(const ListedSnapshot& original, Repository& to, Progress& progress) try {
    if (catch_up(to, progress) != seen_at_) look();
    return plan_one(original) == CopyOutcome::present;
} catch (const Error&) {
    return false;
}

/// What was entered before an error stays entered; the rest of the unit has failed, and the other units go on.
void CopyRun::run_unit(const CommitUnit& unit, Repository& to, Progress& progress, const std::stop_token& stop) try {
    do_unit(unit, to, progress, stop);
} catch (Error& error) {
    if (error.code() == ErrorCode::cancelled) throw;
    target_.reset();
    error.with_context(cannot_copy(unit));
    for (SnapshotCopy* row : unit) {
        if (row->outcome != CopyOutcome::left) continue;
        row->outcome = is_there(row->original, to, progress) ? CopyOutcome::present : CopyOutcome::failed;
        if (row->outcome == CopyOutcome::failed) row->error = error;
    }
}

void CopyRun::run(Repository& to, Progress& progress, const std::stop_token& stop, const CopyObserver& observe) {
    const std::vector<CommitUnit> units = units_of(plan());
    if (units.empty()) return;
    check_log_is_whole(to);
    try {
        for (std::size_t i = 0; i < units.size(); ++i) {
            if (observe) observe(units[i].front()->original.record, i + 1, units.size());
            run_unit(units[i], to, progress, stop);
        }
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled) throw;
        report.is_stopped = true;
    }
}

}  // namespace

void check_two_repositories(const RepositoryInfo& from, const RepositoryInfo& to) {
    if (from.id == to.id)
        throw Error(ErrorCode::refused,
                    fmt::format("both locations hold the repository {}: a repository is copied to another one, which "
                                "'varve init' makes",
                                from.id.hex()));
}

CopyReport plan_copy(const Repository& from, const Repository& to, std::vector<ListedSnapshot> snapshots) {
    CopyRun run(from, to, std::move(snapshots));
    const std::vector<CopyOutcome> planned = run.plan();
    for (std::size_t i = 0; i < planned.size(); ++i) run.report.snapshots[i].outcome = planned[i];
    return std::move(run.report);
}

CopyReport copy_snapshots(const Repository& from, Repository& to, std::vector<ListedSnapshot> snapshots,
                          Progress& progress, const std::stop_token& stop, const CopyObserver& observe) {
    CopyRun run(from, to, std::move(snapshots));
    run.run(to, progress, stop, observe);
    return std::move(run.report);
}

}  // namespace varve
