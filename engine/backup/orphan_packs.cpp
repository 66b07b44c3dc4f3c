#include "engine/backup/orphan_packs.h"

#include <algorithm>
#include <unordered_set>

namespace varve {
namespace {

/// The orphan if it is a whole data pack of this repository.
std::optional<StoredPack> prove(const ChunkStore& chunks, const PackId& id) {
    try {
        if (chunks.read_pack(id, PackCheck::trailer).facts.kind != PackKind::data) return std::nullopt;
        return chunks.read_pack(id, PackCheck::whole);
    } catch (const Error& error) {
        if (is_damaged_or_missing(error) || error.code() == ErrorCode::unsupported) return std::nullopt;
        throw;
    }
}

}  // namespace

void find_orphan_packs(Repository& repository) {
    const std::vector<PackId> there = repository.chunks.list_packs();
    const std::unordered_set<PackId> listed(there.begin(), there.end());
    std::vector<PackId> vanished;
    for (const ListedPack& pack : repository.catalog.packs())
        if (pack.state == PackState::uncommitted && !listed.contains(pack.facts.id)) vanished.push_back(pack.facts.id);
    if (!vanished.empty()) repository.catalog.drop_uncommitted(vanished);

    for (const PackId& id : there) {
        if (repository.catalog.pack(id)) continue;
        if (const auto orphan = prove(repository.chunks, id)) repository.catalog.add_uncommitted({&*orphan, 1});
    }
}

}  // namespace varve
