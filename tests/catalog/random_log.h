#pragma once
/// A long random log with everything in it: commits, forgets, tags, prunes that move and condemn, orphans.

#include "tests/fakes/sample_log.h"

namespace varve {

struct RandomLog {
    SampleLog log;
    std::vector<StoredPack> live;  ///< committed, not condemned
    std::vector<StoredPack> condemned;
    std::vector<SnapshotId> snapshots;
    std::vector<PackId> orphans;  ///< condemned without ever being named
};

/// `entries` entries; data packs of up to `chunks_max` chunks. `on_step` is called after each, with its packs.
template <typename OnStep>
RandomLog make_random_log(std::uint64_t seed, int entries, std::uint32_t chunks_max, const OnStep& on_step) {
    RandomLog made{SampleLog(seed), {}, {}, {}, {}};
    SampleLog& log = made.log;
    const auto below = [&](std::uint64_t n) { return log.number() % n; };
    const auto random_pack = [&] { return log.data_pack(1 + static_cast<std::uint32_t>(below(chunks_max))); };
    for (int i = 0; i < entries; ++i) {
        const std::uint64_t dice = below(10);
        if (dice == 0 && !made.snapshots.empty()) {
            const auto gone = made.snapshots.begin() + static_cast<std::ptrdiff_t>(below(made.snapshots.size()));
            log.forget({*gone});
            made.snapshots.erase(gone);
        } else if (dice == 1 && !made.snapshots.empty()) {
            log.tag(made.snapshots[below(made.snapshots.size())], {{"n" + std::to_string(i % 3), std::to_string(i)}},
                    {"why"});
        } else if (dice == 2 && made.live.size() > 1) {
            const auto gone = made.live.begin() + static_cast<std::ptrdiff_t>(below(made.live.size()));
            const StoredPack copy = random_pack();
            const auto count =
                static_cast<std::uint32_t>(std::min(copy.slots->slots.size(), gone->slots->slots.size()));
            made.orphans.push_back(log.id<PackId>());
            log.move({one_run({gone->facts.id, 0}, count, {copy.facts.id, 0})}, {copy},
                     {gone->facts.id, made.orphans.back()});
            made.condemned.push_back(*gone);
            made.live.erase(gone);
            made.live.push_back(copy);
        } else {
            const std::vector<StoredPack> packs{random_pack(), random_pack(), log.metadata_pack(3)};
            const SnapshotRecord snapshot =
                log.snapshot("vm" + std::to_string(below(3)), static_cast<TimeNs>(i) * 1'000'000'000);
            log.commit({snapshot}, packs);
            made.snapshots.push_back(snapshot.id);
            made.live.insert(made.live.end(), {packs[0], packs[1]});
        }
        on_step(log.steps().back());
    }
    return made;
}

}  // namespace varve
