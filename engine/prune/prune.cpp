#include "engine/prune/prune.h"

#include <algorithm>
#include <functional>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/prune/pack_moves.h"
#include "engine/prune/slot_copies.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/checkpoint.h"
#include "engine/repository/log_append.h"
#include "engine/repository/log_damage.h"

namespace varve {
namespace {

constexpr int attempts_max = 5;

void add(PackSum& sum, ByteCount size) {
    ++sum.count;
    sum.bytes += size;
}

class PruneRun {
public:
    PruneRun(Repository& repository, const PruneRequest& request, Progress& progress, const std::stop_token& stop)
        : repository_(repository), request_(request), progress_(progress), stop_(stop) {}

    PruneReport preview();
    PruneReport run();

private:
    PruneReport or_name_lost_pages(const std::function<PruneReport()>& job);
    PruneReport try_often();
    void mark();
    bool find_substitutes();
    void mark_once();
    void plan();
    bool try_to_prune();

    // Copying
    void copy();
    void copy_packs(PackKind kind);
    void copy_pack(const PlannedPack& pack);
    bool is_late() const;
    PackSession& session();
    void keep(const PackId& pack, CopyFault fault);
    void stay(const PackId& pack) { given_up_.erase(pack); }
    std::vector<const Replacements*> all_replacements() const;

    // Metadata packs
    void keep_unreadable_metadata();
    std::optional<CopyFault> fault_of_metadata(const PlannedPack& pack);
    void repeat_moves(const PackId& pack);
    void repeat_move(const ChunkAddress& from);
    void repeat_slot_tables();
    bool stays(const PackId& pack) const;

    // Entering
    bool enter();
    bool append();
    void finish_session();
    void shrink();
    bool may_go(const PlannedPack& pack) const;
    void drop_kept_from_plan();
    void abandon();

    // Removing
    void remove();
    bool make_log_durable(std::string& fault);
    void remove_pack(const PackId& pack, bool may_be_removed, std::string& fault);

    Repository& repository_;
    const PruneRequest& request_;
    const StoredChunks stored_chunks_{repository_};
    const AllReplacements replacements_{all_replacements()};
    Progress& progress_;
    const std::stop_token& stop_;

    LogHead head_;         ///< what liveness_ has seen
    LogNumber basis_ = 0;  ///< the newest move entry then
    PageSubstitutes substitutes_;
    std::optional<LogHead> searched_at_;  ///< the log when substitutes_ were looked for
    std::optional<Liveness> liveness_;
    LogNumber planned_on_ = 0;  ///< basis_ when the plan was made

    PruneReport report_;
    std::unordered_set<PackId> given_up_;  ///< of the plan, what is still to be condemned
    std::unique_ptr<PackSession> session_;
    ByteCount copied_;
    SlotMoves moves_;
    PackMoves pack_moves_{repository_, progress_, stop_};  ///< of packs that go
    std::vector<StoredPack> packs_;                        ///< durable: those that the entry names
    std::unordered_set<PackId> repeated_;    ///< those of them that are older, whose slot tables are written again
    std::vector<PackId> own_orphans_;        ///< written in vain
    std::vector<MoveTable> tables_;          ///< of the entry
    std::vector<ChunkAddress> table_slots_;  ///< where they are
};

/// Marks what all live snapshots need, as of head_. Goes on from what is marked already, unless a move entry came in
/// between: then addresses have changed.
void PruneRun::mark_once() {
    do {
        head_ = catch_up(repository_, progress_);
        if (const LogNumber last = repository_.catalog.last_move(); !liveness_ || basis_ != last) {
            liveness_.emplace(repository_, substitutes_);
            basis_ = last;
        }
        for (const ListedSnapshot& snapshot : repository_.catalog.snapshots()) {
            try {
                liveness_->add(snapshot.record, stop_);
            } catch (Error& error) {
                if (is_damaged_or_missing(error))
                    error.with_context(fmt::format(
                        "nothing was removed, because what snapshot {} of disk '{}' needs is not known: run "
                        "'varve repair --from' an image of the disk as it was then, or another repository that has the "
                        "snapshot; or forget the snapshot",
                        short_id(snapshot.record.id), snapshot.record.disk));
                throw;
            }
        }
    } while (repository_.catalog.head() != head_);
}

void PruneRun::mark() {
    progress_.begin("looking for what is needed", {});
    while (true) {
        try {
            return mark_once();
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
            catch_up(repository_, progress_);
            const bool has_moved = repository_.catalog.last_move() != basis_;  // then it is elsewhere
            liveness_.reset();
            if (!has_moved && !find_substitutes()) throw;
        }
    }
}

/// Looks for pages to read instead of those that cannot be read. False: it did so before, in this state of the log.
bool PruneRun::find_substitutes() {
    const LogHead head = repository_.catalog.head();
    if (searched_at_ == head) return false;
    substitutes_ = PageSubstitutes::search(repository_, request_.sources.pages, stop_);
    searched_at_ = head;
    return true;
}

std::vector<const Replacements*> PruneRun::all_replacements() const {
    std::vector<const Replacements*> all{&stored_chunks_};
    all.insert(all.end(), request_.sources.chunks.begin(), request_.sources.chunks.end());
    return all;
}

void PruneRun::plan() {
    catch_up(repository_, progress_);
    check_log_is_whole(repository_);
    mark();
    planned_on_ = basis_;
    report_ = {};
    report_.plan = plan_prune({repository_, *liveness_, replacements_, substitutes_, own_orphans_}, request_.scope,
                              request_.limits, request_.is_writer_alive);
    for (const ChunkAddress& slot : report_.plan.damaged)
        report_.kept.push_back({slot.pack, fmt::format("slot {} is known to be damaged", slot.slot)});
    given_up_.clear();
    for (const PlannedPack& pack : report_.plan.packs) given_up_.insert(pack.facts.id);
}

PruneReport PruneRun::preview() {
    return or_name_lost_pages([&] {
        plan();
        return std::move(report_);
    });
}

PruneReport PruneRun::run() {
    return or_name_lost_pages([&] { return try_often(); });
}

/// While the content of a map page is lost, nothing can be given up: what it needs is unknown. A repair reports that as
/// what stays damaged.
PruneReport PruneRun::or_name_lost_pages(const std::function<PruneReport()>& job) {
    try {
        return job();
    } catch (const Error& error) {
        if (request_.scope != PruneScope::damaged_packs || !is_damaged_or_missing(error) || substitutes_.lost().empty())
            throw;
    }
    PruneReport report;
    for (const LostPage& page : substitutes_.lost())
        report.kept.push_back({page.now.pack, fmt::format("map page at slot {} cannot be read and is nowhere else; "
                                                          "nothing is repaired before it is made again",
                                                          page.now.slot)});
    return report;
}

PruneReport PruneRun::try_often() {
    for (int attempt = 1;; ++attempt) {
        try {
            if (try_to_prune()) return std::move(report_);
        } catch (const Error& error) {
            // Another prune may have deleted what this one was about to read.
            if (!is_damaged_or_missing(error)) throw;
            catch_up(repository_, progress_);
            if (!liveness_ || repository_.catalog.last_move() == planned_on_) throw;
        }
        abandon();
        if (attempt == attempts_max)
            throw Error(ErrorCode::conflict,
                        "other prunes of this repository were faster each time; nothing was "
                        "removed, run the prune again");
    }
}

/// False: the plan does not fit the log any more.
bool PruneRun::try_to_prune() {
    plan();
    if (!given_up_.empty()) {
        copy();
        drop_kept_from_plan();
    }
    if (!given_up_.empty() && !enter()) return false;
    remove();
    return true;
}

/// The copies are garbage now; the next plan condemns them.
void PruneRun::abandon() {
    session_.reset();
    for (const StoredPack& pack : packs_) {
        const auto known = repository_.catalog.pack(pack.facts.id);
        if (!known || known->state == PackState::uncommitted) own_orphans_.push_back(pack.facts.id);
    }
    packs_.clear();
    repeated_.clear();
    moves_ = {};
    copied_ = {};
}

PackSession& PruneRun::session() {
    if (session_ == nullptr) session_ = repository_.chunks.begin_session();
    return *session_;
}

bool PruneRun::is_late() const { return request_.deadline && std::chrono::steady_clock::now() >= *request_.deadline; }

void PruneRun::keep(const PackId& pack, CopyFault fault) {
    stay(pack);
    if (fault.slot) report_.damaged.insert({pack, *fault.slot});
    report_.kept.push_back({pack, std::move(fault.why)});
}

/// Data packs first: which of them really go decides which slot tables are needed.
void PruneRun::copy() {
    progress_.begin("copying", report_.plan.bytes_to_copy());
    copy_packs(PackKind::data);
    copy_packs(PackKind::metadata);
    keep_unreadable_metadata();
    for (const PlannedPack& pack : report_.plan.packs)
        if (pack.facts.kind == PackKind::metadata && given_up_.contains(pack.facts.id)) repeat_moves(pack.facts.id);
    repeat_slot_tables();
    finish_session();
}

void PruneRun::copy_packs(PackKind kind) {
    for (const PlannedPack& pack : report_.plan.packs) {
        throw_if_stopped(stop_);
        if (pack.fate == PackFate::orphan || pack.facts.kind != kind || pack.live.value == 0) continue;
        if (is_late()) {
            stay(pack.facts.id);
            ++report_.postponed;
        } else {
            copy_pack(pack);
        }
    }
}

void PruneRun::copy_pack(const PlannedPack& pack) {
    SlotCopies copies(repository_, *liveness_, replacements_, substitutes_, session(), moves_);
    if (auto fault = copies.copy(pack.facts)) {
        keep(pack.facts.id, std::move(*fault));
    } else {
        report_.healed_chunks += copies.healed_chunks();
        report_.healed_pages += copies.healed_pages();
    }
    copied_ += pack.live;
    progress_.advance(copied_);
}

/// Before any move is repeated: a move is left out when its target goes, and then the table that names it must go, too.
void PruneRun::keep_unreadable_metadata() {
    for (const PlannedPack& pack : report_.plan.packs) {
        if (pack.facts.kind != PackKind::metadata || !given_up_.contains(pack.facts.id)) continue;
        if (auto fault = fault_of_metadata(pack)) {
            moves_.drop(pack.facts.id);
            keep(pack.facts.id, std::move(*fault));
        }
    }
}

std::optional<CopyFault> PruneRun::fault_of_metadata(const PlannedPack& pack) {
    try {
        pack_moves_.for_each(pack.facts.id, [](const MoveRun&) {});
        for (const PackId& of : pack.tables_of) {
            if (!stays(of)) continue;
            repository_.catalog.slots(of);
            if (!repository_.chunks.pack_size(of))
                return CopyFault{fmt::format("it holds the slot table of pack {}, which is missing", of.hex()), {}};
        }
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        return CopyFault{error.what(), std::nullopt};
    }
    return std::nullopt;
}

bool PruneRun::stays(const PackId& pack) const {
    const auto known = repository_.catalog.pack(pack);
    return known && known->state == PackState::committed && known->facts.kind == PackKind::data &&
           !given_up_.contains(pack);
}

/// A reader that finds `pack` gone skips its move tables, so every move in them that still leads somewhere is written
/// again. A live map is not the only user: a running backup may hold an address from a parent that was forgotten.
void PruneRun::repeat_moves(const PackId& pack) {
    pack_moves_.for_each(pack, [&](const MoveRun& run) {
        for (std::uint32_t i = 0; i < run.count; ++i) repeat_move({run.from.pack, run.from.slot + i});
    });
}

void PruneRun::repeat_move(const ChunkAddress& from) {
    const std::optional<ChunkAddress> now = repository_.catalog.current(from);
    if (!now || *now == from) return;
    if (const auto copy = moves_.find(*now))
        moves_.add(from, *copy);
    else if (!given_up_.contains(now->pack))
        moves_.add(from, *now);
}

void PruneRun::repeat_slot_tables() {
    for (const PlannedPack& pack : report_.plan.packs) {
        if (pack.facts.kind != PackKind::metadata || !given_up_.contains(pack.facts.id)) continue;
        for (const PackId& of : pack.tables_of)
            if (stays(of) && repeated_.insert(of).second)
                session().adopt({repository_.catalog.pack(of)->facts, repository_.catalog.slots(of)});
    }
}

/// Writes the tables behind what the session holds, and makes all of it durable.
void PruneRun::finish_session() {
    tables_ = moves_.tables();
    table_slots_.clear();
    for (const MoveTable& table : tables_)
        table_slots_.push_back(session().put_metadata(SlotKind::move_table, encode(table)));
    if (session_ == nullptr) return;
    throw_if_stopped(stop_);
    for (StoredPack& pack : session_->finish()) packs_.push_back(std::move(pack));
    session_.reset();
}

/// False: another prune was faster, or new snapshots need all that was to go.
bool PruneRun::enter() {
    progress_.begin("committing", {});
    while (true) {
        mark();
        if (basis_ != planned_on_) return false;
        shrink();
        if (given_up_.empty()) return false;
        if (append()) return true;
    }
}

/// False: other entries came first.
bool PruneRun::append() {
    MoveEntry move;
    move.tables = table_slots_;
    for (const StoredPack& pack : packs_) move.packs.push_back(pack.facts);
    for (const PlannedPack& pack : report_.plan.packs) move.condemned.push_back(pack.facts.id);
    bool is_overtaken = false;
    const auto check = [&](const LogEntry&) {
        is_overtaken = repository_.catalog.head() != head_;
        if (is_overtaken) throw Error(ErrorCode::conflict, "other entries came first");
    };
    try {
        append_to_log(repository_, {std::move(move), packs_, tables_}, check, progress_);
    } catch (const Error&) {
        if (is_overtaken) return false;
        throw;
    }
    report_.entry = head_.number + 1;
    return true;
}

/// New snapshots may need what was dead, and new commits name what was an orphan. Those packs stay; and with them all
/// metadata packs, whose tables were repeated for a repository without them.
void PruneRun::shrink() {
    const std::size_t before = report_.plan.packs.size();
    for (const PlannedPack& pack : report_.plan.packs)
        if (!may_go(pack)) stay(pack.facts.id);
    if (given_up_.size() == before) return;
    for (const PlannedPack& pack : report_.plan.packs)
        if (pack.facts.kind == PackKind::metadata) stay(pack.facts.id);
    drop_kept_from_plan();
    SlotMoves left;
    for (const MoveTable& table : moves_.tables())
        for (const MoveRun& run : table.runs)
            for (std::uint32_t i = 0; given_up_.contains(run.from.pack) && i < run.count; ++i)
                left.add({run.from.pack, run.from.slot + i}, {run.to.pack, run.to.slot + i});
    moves_ = std::move(left);
    finish_session();
}

bool PruneRun::may_go(const PlannedPack& pack) const {
    if (!given_up_.contains(pack.facts.id)) return false;
    if (pack.fate == PackFate::orphan) {
        const auto known = repository_.catalog.pack(pack.facts.id);
        return !known || known->state == PackState::uncommitted;
    }
    const std::vector<bool>& needed = liveness_->slots_of(pack.facts.id);
    for (std::uint32_t slot = 0; slot < needed.size(); ++slot)
        if (needed[slot] && !moves_.find({pack.facts.id, slot})) return false;
    return true;
}

void PruneRun::drop_kept_from_plan() {
    std::erase_if(report_.plan.packs, [&](const PlannedPack& pack) { return !given_up_.contains(pack.facts.id); });
}

/// From here on nothing fails: the entry is in the log.
void PruneRun::remove() {
    for (const StoredPack& pack : packs_)
        if (!repeated_.contains(pack.facts.id)) add(report_.written, pack.facts.size);
    progress_.begin("removing", {});
    std::string fault;
    const bool may_remove_leftovers = report_.plan.leftovers.empty() || make_log_durable(fault);
    for (const PackFacts& pack : report_.plan.leftovers) remove_pack(pack.id, may_remove_leftovers, fault);
    for (const PlannedPack& pack : report_.plan.packs) remove_pack(pack.facts.id, true, fault);
    if (report_.remaining.count == 0) return;
    progress_.warn(fmt::format("{} of {} packs that the log condemned {} still there{}; the next prune removes them",
                               report_.remaining.count, report_.remaining.count + report_.removed.count,
                               report_.remaining.count == 1 ? "is" : "are", fault.empty() ? "" : ": " + fault));
}

/// Before what another program's entry condemned is deleted: visible is not durable.
bool PruneRun::make_log_durable(std::string& fault) {
    try {
        repository_.log.make_durable(repository_.catalog.last_move());
        return true;
    } catch (const Error& error) {
        fault = error.what();
        return false;
    }
}

void PruneRun::remove_pack(const PackId& pack, bool may_be_removed, std::string& fault) {
    ByteCount size;
    try {
        size = repository_.chunks.pack_size(pack).value_or(ByteCount{});
        if (may_be_removed && !stop_.stop_requested()) {
            repository_.chunks.remove_pack(pack);
            return add(report_.removed, size);
        }
    } catch (const Error& error) {
        fault = error.what();
    }
    add(report_.remaining, size);
}

}  // namespace

PruneReport preview_prune(Repository& repository, const PruneRequest& request, Progress& progress,
                          const std::stop_token& stop) {
    return PruneRun(repository, request, progress, stop).preview();
}

PruneReport prune(Repository& repository, const PruneRequest& request, Progress& progress,
                  const std::stop_token& stop) {
    PruneReport report = PruneRun(repository, request, progress, stop).run();
    if (request.scope == PruneScope::everything) renew_checkpoint(repository, request.checkpoint_every, progress, stop);
    return report;
}

}  // namespace varve
