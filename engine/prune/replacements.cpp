#include "engine/prune/replacements.h"

#include <algorithm>

#include "engine/base/error.h"

namespace varve {

/// All places that are not known to be damaged. Nothing is read meanwhile: a miss would make the store read the log on
/// and change the catalog in the middle of the search.
std::vector<ChunkAddress> StoredChunks::places_of(const ChunkId& id) const {
    std::vector<ChunkAddress> places;
    const KnownDamage* damage = repository_.known_damage;
    repository_.catalog.find_chunk(id, [&](const ChunkAddress& current) {
        if (damage == nullptr || !damage->contains(current)) places.push_back(current);
        return false;
    });
    return places;
}

bool StoredChunks::may_have(const ChunkId& id) const { return !places_of(id).empty(); }

std::optional<Bytes> StoredChunks::get(const ChunkId& id) const {
    for (const ChunkAddress& place : places_of(id)) {
        Bytes content;
        try {
            repository_.chunks.get({&place, 1},
                                   [&](std::size_t, ByteView plain) { content.assign(plain.begin(), plain.end()); });
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
            continue;
        }
        if (sha256(content) == id) return content;
    }
    return std::nullopt;
}

bool AllReplacements::may_have(const ChunkId& id) const {
    return std::any_of(all_.begin(), all_.end(), [&](const Replacements* one) { return one->may_have(id); });
}

std::optional<Bytes> AllReplacements::get(const ChunkId& id) const {
    for (const Replacements* one : all_)
        if (std::optional<Bytes> content = one->get(id)) return content;
    return std::nullopt;
}

}  // namespace varve
