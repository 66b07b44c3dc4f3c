#include "tests/model/scenario.h"

#include <algorithm>
#include <stdexcept>

#include "tests/model/history.h"

namespace varve::model {
namespace {

using Orphans = Backup::Orphans;
using Changed = Backup::Changed;
using Takes = Pruner::Takes;

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

World everybody(Rules rules) {
    return all_live(rules).then({inheriting(3, 1, {1, 2, 3}), adopting(4, {2, 3}), Forgetter(1),
                                 Pruner(Takes::packs_with_dead_chunks), Reader(1)},
                                {.late_requests = 1});
}

}  // namespace

const std::vector<Scenario>& all_scenarios() {
    static const std::vector<Scenario> scenarios = {
        {"writer and pruner", writer_and_pruner, 69},
        {"writer, forgetter and pruner", writer_forgetter_pruner, 800},
        {"two writers and pruner", two_writers_and_pruner, 5'800},
        {"orphan adopted while two pruners run", orphan_adopted, 170'000},
        {"pack of a running writer adopted", running_pack_adopted, 1'700},
        {"two pruners and a hit on a dead chunk", two_pruners, 10'000},
        {"moves of moves under an heir", moves_of_moves, 81'000},
        {"hits in moved packs", hits_in_moved_packs, 72'000},
        {"line of parents", line_of_parents, 35'000},
        {"reader, two forgetters and two pruners", reader_pruners_forgetter, 210'000},
        {"lost replies", lost_replies, 64'000},
        {"late requests", late_requests, 140'000},
        {"patches", patches, 150'000},
        {"power cuts under writers", power_cuts_under_writers, 18'000},
        {"power cuts under pruners", power_cuts_under_pruners, 5'200},
        {"forgetters and a tagger", forgetters_and_tagger, 33'000},
        {"everybody", everybody, 360'000},
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
