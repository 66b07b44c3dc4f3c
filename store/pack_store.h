#pragma once
/// The packs of a repository over a backend: ChunkStore as the engine sees it.

#include "engine/repository/chunk_store.h"
#include "engine/repository/repository.h"
#include "engine/repository/slot_directory.h"
#include "store/backend/backend.h"
#include "store/pack/session_limits.h"
#include "store/pack/slot_reader.h"

namespace varve {

/// Safe to use from many threads; each session is for one. Borrows the first three arguments of its constructor.
class PackStore final : public ChunkStore {
public:
    PackStore(Backend& backend, const RepositoryInfo& info, const SlotDirectory& directory,
              const SessionLimits& limits = {});

    std::unique_ptr<PackSession> begin_session() override;
    void get(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const override;
    Bytes get_metadata(const ChunkAddress& address, SlotKind kind) const override;
    StoredPack read_pack(const PackId& id, PackCheck check) const override;
    std::shared_ptr<const SlotTable> salvage_slots(const PackId& id) const override;
    std::vector<std::pair<PackId, std::shared_ptr<const SlotTable>>> read_slot_table_copies(
        const StoredPack& pack) const override;
    Bytes read_slot(const StoredPack& pack, std::uint32_t slot) const override;
    std::vector<PackId> list_packs() const override;
    std::optional<ByteCount> pack_size(const PackId& id) const override;
    void remove_pack(const PackId& id) override;
    CheckedPack check_pack(const PackFacts& facts, PackCheck check,
                           const std::function<void(const PackDamage&)>& damage) const override;

private:
    std::pair<PackId, std::shared_ptr<const SlotTable>> read_slot_table_copy(const StoredPack& pack,
                                                                             std::uint32_t slot) const;
    std::shared_ptr<const SlotTable> known_slots(const PackId& id) const;

    Backend& backend_;
    const RepositoryInfo& info_;
    const SlotDirectory& directory_;
    const SessionLimits limits_;
    const SlotReader reader_;
};

}  // namespace varve
