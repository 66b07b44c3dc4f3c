#include "engine/repository/log_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve {
namespace {

/// One entry on its way into the state. catalog/catalog_change.cpp does the same to a catalog.
class EntryFold {
public:
    EntryFold(LogState& state, const LogRecord& record) : state_(state), record_(record) {}

    void operator()(const CommitEntry& commit) const {
        for (const PackFacts& facts : commit.packs) name_pack(facts);
        LiveCommit live{record_.entry.written, record_.entry.host, record_.entry.program, {}};
        for (const SnapshotRecord& snapshot : commit.snapshots) {
            if (!state_.commit_of.emplace(snapshot.id, number()).second)
                throw Error(ErrorCode::corrupt,
                            fmt::format("log entry {} commits snapshot {}, which exists", number(), snapshot.id.hex()));
            live.snapshots.emplace(static_cast<std::uint32_t>(live.snapshots.size()), snapshot);
        }
        if (!live.snapshots.empty()) state_.commits.emplace(number(), std::move(live));
    }

    void operator()(const ForgetEntry& forget) const {
        for (const SnapshotId& id : forget.snapshots) {
            const auto found = state_.commit_of.find(id);
            if (found == state_.commit_of.end()) continue;
            const auto commit = state_.commits.find(found->second);
            std::erase_if(commit->second.snapshots, [&](const auto& snapshot) { return snapshot.second.id == id; });
            if (commit->second.snapshots.empty()) state_.commits.erase(commit);
            state_.commit_of.erase(found);
        }
    }

    void operator()(const MoveEntry& move) const {
        for (const PackFacts& facts : move.packs) name_pack(facts);
        for (const ChunkAddress& address : move.tables)
            state_.tables.push_back({++state_.move_tables, number(), address});
        for (const PackId& id : move.condemned) {
            state_.packs.erase(id);
            state_.condemned.insert(id);
        }
        std::erase_if(state_.tables,
                      [this](const MoveTableInForce& table) { return state_.condemned.contains(table.address.pack); });
        state_.last_move = number();
    }

    void operator()(const TagEntry& tag) const {
        const auto found = state_.commit_of.find(tag.snapshot);
        if (found == state_.commit_of.end()) return;
        for (auto& [position, snapshot] : state_.commits.at(found->second).snapshots) {
            if (snapshot.id != tag.snapshot) continue;
            for (const std::string& name : tag.removed) snapshot.tags.erase(name);
            for (const auto& [name, value] : tag.added) snapshot.tags.insert_or_assign(name, value);
        }
    }

private:
    LogNumber number() const { return record_.head.number; }

    void name_pack(const PackFacts& facts) const {
        if (state_.condemned.contains(facts.id)) return;
        const auto [named, is_new] = state_.packs.emplace(facts.id, NamedPack{facts, number()});
        if (!is_new && named->second.facts != facts)
            throw Error(ErrorCode::corrupt,
                        fmt::format("log entry {} names pack {} with another digest or size than entry {} did",
                                    number(), facts.id.hex(), named->second.entry));
    }

    LogState& state_;
    const LogRecord& record_;
};

}  // namespace

void LogState::apply(const LogRecord& record) {
    VARVE_CHECK(record.head.number == head.number + 1);
    std::visit(EntryFold(*this, record), record.entry.body);
    head = record.head;
}

}  // namespace varve
