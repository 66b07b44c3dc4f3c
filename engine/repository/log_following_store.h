#pragma once
/// A chunk store that reads the log again when a pack is missing: another program may have moved its content and
/// deleted it since. A pack is lost only if the log, read after the miss, still names it (store/FORMAT.md section 9).
/// Safe from many threads.

#include <mutex>

#include "engine/base/progress.h"
#include "engine/repository/catalog.h"
#include "engine/repository/commit_log.h"
#include "engine/repository/repository.h"

namespace varve {

class LogFollowingStore final : public ChunkStore {
public:
    /// Borrows all for its life. `chunks` resolves addresses through `catalog`, which is brought up to `log` after a
    /// miss.
    LogFollowingStore(const RepositoryInfo& info, CommitLog& log, ChunkStore& chunks, Catalog& catalog)
        : repository_{info, log, chunks, catalog} {}

    std::unique_ptr<PackSession> begin_session() override { return repository_.chunks.begin_session(); }

    /// After a miss, chunks that were already passed to the sink are passed again.
    void get(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const override;
    Bytes get_metadata(const ChunkAddress& address, SlotKind kind) const override;

    StoredPack read_pack(const PackId& id, PackCheck check) const override {
        return repository_.chunks.read_pack(id, check);
    }
    std::shared_ptr<const SlotTable> salvage_slots(const PackId& id) const override {
        return repository_.chunks.salvage_slots(id);
    }
    std::vector<std::pair<PackId, std::shared_ptr<const SlotTable>>> read_slot_table_copies(
        const StoredPack& pack) const override {
        return repository_.chunks.read_slot_table_copies(pack);
    }
    Bytes read_slot(const StoredPack& pack, std::uint32_t slot) const override {
        return repository_.chunks.read_slot(pack, slot);
    }
    std::vector<PackId> list_packs() const override { return repository_.chunks.list_packs(); }
    std::optional<ByteCount> pack_size(const PackId& id) const override { return repository_.chunks.pack_size(id); }
    void remove_pack(const PackId& id) override { repository_.chunks.remove_pack(id); }
    /// After Error(not_found), the catalog knows whether the log condemned the pack.
    CheckedPack check_pack(const PackFacts& facts, PackCheck check,
                           const std::function<void(const PackDamage&)>& damage) const override;

private:
    template <typename Read>
    auto follow(const Read& read) const;
    bool read_on(LogNumber seen) const;

    mutable Repository repository_;
    mutable std::mutex mutex_;  ///< one reader of the log at a time
};

}  // namespace varve
