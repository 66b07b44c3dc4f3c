#pragma once
/// Everything that a catalog answers about a random log, as a value to compare.

#include <map>
#include <string>

#include "tests/catalog/random_log.h"

namespace varve {

struct Answers {
    LogHead head;
    LogNumber last_move = 0;
    std::vector<std::tuple<SnapshotRecord, LogNumber, std::uint32_t>> snapshots;
    /// last_snapshots(): the ids for each disk and several counts.
    std::map<std::pair<std::string, std::size_t>, std::vector<SnapshotId>> last;
    std::map<PackId, std::pair<PackFacts, PackState>> packs;
    std::map<PackId, SlotTable> slots;  ///< of packs that are not condemned
    std::map<ChunkAddress, std::optional<ChunkAddress>> current;
    std::map<ChunkId, std::optional<ChunkAddress>> chunks;
    friend bool operator==(const Answers&, const Answers&) = default;
};

/// Asks about every pack and chunk that `made` ever named.
inline Answers ask(const Catalog& catalog, const RandomLog& made) {
    Answers answers;
    answers.head = catalog.head();
    answers.last_move = catalog.last_move();
    for (ListedSnapshot& s : catalog.snapshots())
        answers.snapshots.emplace_back(std::move(s.record), s.commit, s.position);
    for (const std::string disk : {"vm0", "vm1", "vm2"})
        for (const std::size_t count : {1u, 3u, 100u})
            for (const ListedSnapshot& s : catalog.last_snapshots(disk, count))
                answers.last[{disk, count}].push_back(s.record.id);
    for (const ListedPack& pack : catalog.packs()) {
        answers.packs[pack.facts.id] = {pack.facts, pack.state};
        if (pack.state != PackState::condemned) answers.slots[pack.facts.id] = *catalog.slots(pack.facts.id);
    }
    for (const SampleStep& step : made.log.steps())
        for (const StoredPack& pack : step.packs)
            for (std::uint32_t i = 0; i < pack.slots->slots.size(); ++i) {
                answers.current[{pack.facts.id, i}] = catalog.current({pack.facts.id, i});
                answers.chunks[pack.slots->slots[i].id] = catalog.find_chunk(pack.slots->slots[i].id);
            }
    return answers;
}

}  // namespace varve
