#include "engine/backup/commit.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/repository/disk_map.h"
#include "engine/repository/log_append.h"
#include "engine/repository/slot_in_force.h"

namespace varve {
namespace {

[[noreturn]] void throw_overtaken(const PackId& pack) {
    throw Error(
        ErrorCode::conflict,
        fmt::format("a prune condemned pack {} while this backup depended on it; nothing was committed, run the "
                    "backup again",
                    pack.hex()));
}

/// Re-checks 1 and 2: what was hit, written or adopted may have been condemned in the meantime.
void check_packs(const Catalog& catalog, const CommitEntry& entry) {
    const auto check = [&](const PackId& id) {
        if (const auto pack = catalog.pack(id); pack && pack->state == PackState::condemned) throw_overtaken(id);
    };
    for (const PackId& id : entry.hit_packs) check(id);
    for (const PackFacts& facts : entry.packs) check(facts.id);
}

void check_inherited_addresses(const Repository& repository, const SnapshotRecord& snapshot) {
    SlotsInForce slots(repository.catalog);
    const auto check = [&](const ChunkAddress& address) {
        const auto found = slots.find(address);
        if (!found || (found->is_patch() && !slots.base_of(*found))) throw_overtaken(address.pack);
    };
    const DiskMap map(repository.chunks, snapshot);
    check(snapshot.map);
    for_each_leaf_span(map, 0, leaf_count(snapshot.size), [&](const LeafSpan& span) {
        if (span.subtree.kind != MapKind::present) return;
        check(span.subtree.page);
        const auto page = map.leaf(span.subtree);
        for (const LeafEntry& chunk : page->entries)
            if (chunk.kind == MapKind::present) check(chunk.address);
    });
}

/// Re-check 3: without a live parent, nothing protected what the new map inherited, so each page and chunk must still
/// exist.
void check_inherited(const Repository& repository, const SnapshotRecord& snapshot) {
    try {
        check_inherited_addresses(repository, snapshot);
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        throw Error(ErrorCode::conflict,
                    fmt::format("the parent snapshot was forgotten and pruned while this backup ran ({}); nothing was "
                                "committed, run the backup again",
                                error.what()));
    }
}

bool is_used(const Catalog& catalog, const SnapshotId& id) { return !catalog.snapshots_by_prefix(id.hex()).empty(); }

/// Two snapshots of one id would spoil the log for every reader. Ids of new snapshots are random.
void check_ids(const Catalog& catalog, const CommitEntry& entry, const CommitBasis& basis) {
    if (!basis.ids_unused_at || catalog.head() == *basis.ids_unused_at) return;
    for (const SnapshotRecord& snapshot : entry.snapshots)
        if (is_used(catalog, snapshot.id))
            throw Error(ErrorCode::refused,
                        fmt::format("another program has copied snapshot {} in the meantime", short_id(snapshot.id)));
}

void recheck(const Repository& repository, const CommitEntry& entry, const std::vector<StoredPack>& packs,
             const CommitBasis& basis) {
    check_ids(repository.catalog, entry, basis);
    if (repository.catalog.last_move() == basis.last_move) return;
    check_packs(repository.catalog, entry);
    const bool parents_live =
        std::all_of(basis.parents.begin(), basis.parents.end(),
                    [&](const CommittedSnapshot& one) { return is_live(repository.catalog, one); });
    if (parents_live) return;
    repository.catalog.add_uncommitted(packs);  // so that the new map's own pages are found like any other
    for (const SnapshotRecord& snapshot : entry.snapshots) check_inherited(repository, snapshot);
}

}  // namespace

bool is_live(const Catalog& catalog, const CommittedSnapshot& snapshot) {
    const std::vector<ListedSnapshot> found = catalog.snapshots_by_prefix(snapshot.id.hex());
    return !found.empty() && found.front().commit == snapshot.commit;
}

void commit(Repository& repository, CommitEntry body, const std::vector<StoredPack>& packs, const CommitBasis& basis,
            Progress& progress) {
    for (const StoredPack& pack : packs) body.packs.push_back(pack.facts);
    const auto check = [&](const LogEntry& entry) {
        recheck(repository, std::get<CommitEntry>(entry.body), packs, basis);
    };
    append_to_log(repository, {std::move(body), packs}, check, progress);
}

}  // namespace varve
