#include "tests/model/scenario.h"

#include <algorithm>
#include <stdexcept>

#include "tests/model/history.h"

namespace varve::model {
namespace {

using Orphans = Backup::Orphans;
using Changed = Backup::Changed;
using Takes = Pruner::Takes;
using Tables = Features::Tables;

// S1 was forgotten: in the pack with chunks 1 and 2, only 1 is live, in S2.
History half_dead(Rules rules) {
    History history(rules);
    const PackId pack = history.pack({{1, {}}, {2, {}}});
    history.commit(1, {pack}, {{pack, 0}, {pack, 1}});
    history.commit_of_hits(2, {pack}, {{pack, 0}});
    history.forget(1);
    return history;
}

// S1 with chunks 1 and 2 is live, and S2 with 1.
History all_live(Rules rules) {
    History history(rules);
    const PackId pack = history.pack({{1, {}}, {2, {}}});
    history.commit(1, {pack}, {{pack, 0}, {pack, 1}});
    history.commit_of_hits(2, {pack}, {{pack, 0}});
    return history;
}

Writer hitting(SnapshotId snapshot, std::vector<Chunk> content) {
    return Writer({.snapshot = snapshot, .parent = {}, .content = std::move(content)});
}

Writer adopting(SnapshotId snapshot, std::vector<Chunk> content) {
    return Writer({.snapshot = snapshot, .parent = {}, .content = std::move(content), .orphans = Orphans::adopt});
}

Writer inheriting(SnapshotId snapshot, SnapshotId parent, std::vector<Chunk> content) {
    return Writer({.snapshot = snapshot, .parent = parent, .content = std::move(content)});
}

Writer patching(SnapshotId snapshot, SnapshotId parent, std::vector<Chunk> content) {
    return Writer({.snapshot = snapshot, .parent = parent, .content = std::move(content), .changed = Changed::patch});
}

World writer_and_pruner(Rules rules) {
    return half_dead(rules).then({hitting(3, {2, 3}), Pruner(Takes::packs_with_dead_chunks)});
}

World writer_forgetter_pruner(Rules rules) {
    return all_live(rules).then({inheriting(3, 1, {1, 2, 3}), Forgetter(1), Pruner(Takes::any_pack)});
}

World two_writers_and_pruner(Rules rules) {
    return half_dead(rules).then({hitting(3, {2, 3}), adopting(4, {3, 4}), Pruner(Takes::any_pack)});
}

World orphan_adopted(Rules rules) {
    History history = half_dead(rules);
    history.pack({{3, {}}, {4, {}}});
    return history.then({adopting(3, {3}), Pruner(Takes::any_pack), Pruner(Takes::packs_with_dead_chunks)});
}

World running_pack_adopted(Rules rules) {
    return History(rules).then(
        {hitting(3, {3}), adopting(4, {3, 4}), Forgetter(3), Pruner(Takes::packs_with_dead_chunks)});
}

World two_pruners(Rules rules) {
    return half_dead(rules).then({Pruner(Takes::any_pack), Pruner(Takes::any_pack), hitting(3, {2})});
}

World moves_of_moves(Rules rules) {
    return all_live(rules).then(
        {inheriting(3, 1, {1, 2}), Forgetter(1), Pruner(Takes::any_pack), Pruner(Takes::any_pack)});
}

World hits_in_moved_packs(Rules rules) {
    return all_live(rules).then({hitting(3, {2, 1}), Forgetter(1), Pruner(Takes::any_pack), Pruner(Takes::any_pack)});
}

World line_of_parents(Rules rules) {
    return all_live(rules).then(
        {inheriting(3, 1, {1, 2}), inheriting(4, 3, {1, 2, 3}), Forgetter(1), Forgetter(3), Pruner(Takes::any_pack)});
}

World reader_pruners_forgetter(Rules rules) {
    return all_live(rules).then(
        {Reader(1), Forgetter(2), Forgetter(1), Pruner(Takes::any_pack), Pruner(Takes::any_pack)});
}

World lost_replies(Rules rules) {
    return half_dead(rules).then({hitting(3, {2}), adopting(4, {2, 3}), Forgetter(2), Pruner(Takes::any_pack)},
                                 {.lost_replies = 2});
}

World late_requests(Rules rules) {
    return half_dead(rules).then({hitting(3, {2, 3}), adopting(4, {2, 3}), Pruner(Takes::any_pack)},
                                 {.late_requests = 2});
}

World patches(Rules rules) {
    History history(rules);
    const PackId pack = history.pack({{1, {}}, {2, {}}});
    history.commit(1, {pack}, {{pack, 0}, {pack, 1}});
    return history.then({patching(3, 1, {3}), adopting(4, {3}), Forgetter(1), Forgetter(3), Pruner(Takes::any_pack)});
}

World power_cuts_under_writers(Rules rules) {
    return half_dead(rules).then({hitting(3, {3}), adopting(4, {3}), Pruner(Takes::packs_with_dead_chunks)},
                                 {.lost_replies = 1, .power = Faults::Power::may_fail});
}

World power_cuts_under_pruners(Rules rules) {
    return half_dead(rules).then(
        {hitting(3, {2}), Pruner(Takes::packs_with_dead_chunks), Pruner(Takes::packs_with_dead_chunks)},
        {.lost_replies = 0, .power = Faults::Power::may_fail});
}

World forgetters_and_tagger(Rules rules) {
    return all_live(rules).then(
        {inheriting(3, 2, {1, 3}), Forgetter::by_rules(), Forgetter(2), Forgetter(3), Tagger(2)},
        {.lost_replies = 1, .late_requests = 1});
}

Writer copying(SnapshotId snapshot, std::vector<Chunk> content) {
    return Writer({.snapshot = snapshot, .parent = {}, .content = std::move(content), .kind = Backup::Kind::copy});
}

Writer knowing_damage(SnapshotId snapshot, std::optional<SnapshotId> parent, std::vector<Chunk> content) {
    return Writer(
        {.snapshot = snapshot, .parent = parent, .content = std::move(content), .damage = Backup::Damage::known});
}

// Two small packs, each needed by one snapshot.
History small_packs(Rules rules) {
    History history(rules);
    const PackId first = history.pack({{1, {}}});
    history.commit(1, {first}, {{first, 0}});
    const PackId second = history.pack({{2, {}}});
    history.commit(2, {second}, {{second, 0}});
    return history;
}

// S1 with chunks 1 and 2 is live, and S2 with 1. The pack that they were written to is gone: what it held has moved.
History moved_once(Rules rules) {
    History history = all_live(rules);
    const PackId target = history.pack({{1, {}}, {2, {}}});
    history.move({1}, {target}, {{{1, 0}, {target, 0}}, {{1, 1}, {target, 1}}});
    return history;
}

World merging_pruners(Rules rules) {
    return small_packs(rules).then({Pruner(Takes::any_pack), Pruner(Takes::any_pack)}, {},
                                   {.tables = Tables::in_packs});
}

World merged_tables(Rules rules) {
    return moved_once(rules).then({inheriting(3, 1, {1, 2}), Forgetter(1), Pruner(Takes::any_pack)}, {},
                                  {.tables = Tables::in_packs});
}

World shrunken_merge(Rules rules) {
    History history = moved_once(rules);
    history.forget(1);
    return history.then({hitting(3, {2}), Pruner(Takes::any_pack), Reader(2)}, {}, {.tables = Tables::in_packs});
}

// Chunk 2 of S1 is damaged, and S2 stored it again.
History damaged_twin(Rules rules) {
    History history(rules);
    const PackId pack = history.pack({{1, {}}, {2, {}}, {3, {}}});
    history.commit(1, {pack}, {{pack, 0}, {pack, 1}});
    history.damage({pack, 1});
    const PackId twin = history.pack({{2, {}}});
    history.commit(2, {twin}, {{twin, 0}});
    return history;
}

World healers_and_pruner(Rules rules) {
    return damaged_twin(rules).then({Pruner(Takes::damaged_packs), Pruner(Takes::damaged_packs),
                                     Pruner(Takes::packs_with_dead_chunks), Forgetter(2)});
}

World healer_and_writers(Rules rules) {
    History history(rules);
    const PackId pack = history.pack({{1, {}}, {2, {}}, {3, {}}});
    history.commit(1, {pack}, {{pack, 0}, {pack, 1}});
    history.damage({pack, 1});
    return history.then({knowing_damage(3, 1, {1, 2}), hitting(4, {3}), Pruner(Takes::damaged_packs),
                         Pruner(Takes::packs_with_dead_chunks)});
}

World leases(Rules rules) {
    History history = half_dead(rules);
    history.pack({{3, {}}});
    return history.then({hitting(3, {4}), adopting(4, {3}), Pruner(Takes::any_pack)}, {.misjudged_leases = 1},
                        {.leases = true});
}

World two_leases(Rules rules) {
    return half_dead(rules).then({hitting(3, {4}), Pruner(Takes::any_pack), Pruner(Takes::packs_with_dead_chunks)}, {},
                                 {.leases = true});
}

World copiers(Rules rules) {
    return all_live(rules).then(
        {copying(3, {1, 3}), copying(3, {1, 3}), Forgetter(3), Pruner(Takes::packs_with_dead_chunks)},
        {.lost_replies = 1, .lost_sources = 1});
}

World recopied_parent(Rules rules) {
    return small_packs(rules).then(
        {inheriting(3, 1, {1}), Forgetter(1), copying(1, {1}), Pruner(Takes::packs_with_dead_chunks)});
}

// Chunk 1 is in the pack of S1, and in another one that nothing needs.
World recopied_marked(Rules rules) {
    History history(rules);
    const PackId pack = history.pack({{1, {}}});
    history.commit(1, {pack}, {{pack, 0}});
    const PackId twin = history.pack({{1, {}}});
    history.commit(2, {twin}, {{twin, 0}});
    history.forget(2);
    return history.then({Forgetter(1), copying(1, {1}), Pruner(Takes::packs_with_dead_chunks)});
}

// The checkpoint is of a history in which the pack of S1 was another one, as in a copy of the repository that went its
// own way.
World foreign_checkpoint(Rules rules) {
    History other(rules);
    other.pack({{1, {}}});
    const PackId pack = other.pack({{1, {}}, {2, {}}});
    other.commit(1, {pack}, {{pack, 0}, {pack, 1}});
    History history = all_live(rules);
    history.checkpoint(other.log());
    return history.then({Reader(1), Forgetter(2), Pruner(Takes::any_pack)});
}

World checkpoint_and_power_cut(Rules rules) {
    return half_dead(rules).then({hitting(3, {3}), Forgetter(2), Checkpointer(), Reader(2)},
                                 {.power = Faults::Power::may_fail});
}

World everybody(Rules rules) {
    return all_live(rules).then({inheriting(3, 1, {1, 2, 3}), adopting(4, {2, 3}), Forgetter(1),
                                 Pruner(Takes::packs_with_dead_chunks), Reader(1)});
}

}  // namespace

const std::vector<Scenario>& all_scenarios() {
    static const std::vector<Scenario> scenarios = {
        {"writer and pruner", writer_and_pruner, 75},
        {"writer, forgetter and pruner", writer_forgetter_pruner, 850},
        {"two writers and pruner", two_writers_and_pruner, 6'800},
        {"orphan adopted while two pruners run", orphan_adopted, 220'000},
        {"pack of a running writer adopted", running_pack_adopted, 2'500},
        {"two pruners and a hit on a dead chunk", two_pruners, 15'500},
        {"moves of moves under an heir", moves_of_moves, 110'000},
        {"hits in moved packs", hits_in_moved_packs, 114'000},
        {"line of parents", line_of_parents, 44'000},
        {"reader, two forgetters and two pruners", reader_pruners_forgetter, 345'000},
        {"lost replies", lost_replies, 98'000},
        {"late requests", late_requests, 205'000},
        {"patches", patches, 110'000},
        {"power cuts under writers", power_cuts_under_writers, 24'000},
        {"power cuts under pruners", power_cuts_under_pruners, 10'000},
        {"forgetters and a tagger", forgetters_and_tagger, 33'000},
        {"everybody", everybody, 48'000},
        {"pruners that merge", merging_pruners, 128'000},
        {"tables that are merged", merged_tables, 1'600},
        {"merge that must leave a pack", shrunken_merge, 1'900},
        {"healers and a pruner", healers_and_pruner, 59'000},
        {"healer and writers", healer_and_writers, 10'000},
        {"leases, one misjudged", leases, 11'000},
        {"leases, none misjudged", two_leases, 7'000},
        {"two copiers of one snapshot", copiers, 5'900},
        {"parent copied again", recopied_parent, 430},
        {"checkpoint of another history", foreign_checkpoint, 180},
        {"checkpoint and power cuts", checkpoint_and_power_cut, 900},
        {"marked snapshot copied again", recopied_marked, 200},
    };
    return scenarios;
}

const Scenario& scenario(const std::string& name) {
    const auto& scenarios = all_scenarios();
    const auto at = std::find_if(scenarios.begin(), scenarios.end(), [&](const Scenario& s) { return s.name == name; });
    if (at == scenarios.end()) throw std::invalid_argument("no scenario " + name);
    return *at;
}

}  // namespace varve::model
