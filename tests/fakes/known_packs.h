#pragma once
/// A slot directory with only the given packs, in place of the catalog.

#include <map>
#include <set>

#include "engine/base/error.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/slot_directory.h"

namespace varve {

class KnownPacks final : public SlotDirectory {
public:
    void add(const StoredPack& pack) { tables_[pack.facts.id] = pack.slots; }
    void add(const std::vector<StoredPack>& packs) {
        for (const StoredPack& pack : packs) add(pack);
    }
    void move(const ChunkAddress& from, const ChunkAddress& to) { moved_[from] = to; }
    void condemn(const PackId& pack) { condemned_.insert(pack); }

    std::shared_ptr<const SlotTable> slots(const PackId& pack) const override {
        const auto found = tables_.find(pack);
        if (found == tables_.end()) throw Error(ErrorCode::not_found, "pack " + pack.hex() + " is not known");
        return found->second;
    }
    std::optional<ChunkAddress> current(const ChunkAddress& address) const override {
        if (const auto found = moved_.find(address); found != moved_.end()) return found->second;
        if (condemned_.contains(address.pack)) return std::nullopt;
        return address;
    }
    std::vector<std::optional<ChunkAddress>> all_current(std::span<const ChunkAddress> addresses) const override {
        std::vector<std::optional<ChunkAddress>> now;
        for (const ChunkAddress& address : addresses) now.push_back(current(address));
        return now;
    }

private:
    std::map<PackId, std::shared_ptr<const SlotTable>> tables_;
    std::map<ChunkAddress, ChunkAddress> moved_;
    std::set<PackId> condemned_;
};

}  // namespace varve
