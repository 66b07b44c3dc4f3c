#pragma once
/// A chunk store in a vector: one pack, every slot whole, nothing compressed. For tests of code that uses ChunkStore.

#include <map>
#include <optional>
#include <stdexcept>

#include "engine/base/digest.h"
#include "engine/repository/chunk_store.h"

namespace varve::fakes {

class MemoryChunkStore final : public ChunkStore {
public:
    std::unique_ptr<PackSession> begin_session() override { return std::make_unique<Session>(*this); }

    void get(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const override {
        for (std::size_t i = 0; i < addresses.size(); ++i) sink(i, slots_.at(addresses[i]));
    }
    Bytes get_metadata(const ChunkAddress& address, SlotKind) const override {
        ++pages_read;
        return slots_.at(address);
    }
    StoredPack read_pack(const PackId&, PackCheck) const override { throw std::logic_error("not in this fake"); }
    std::shared_ptr<const SlotTable> salvage_slots(const PackId&) const override { return nullptr; }
    std::vector<std::pair<PackId, std::shared_ptr<const SlotTable>>> read_slot_table_copies(
        const StoredPack&) const override {
        return {};
    }
    Bytes read_slot(const StoredPack&, std::uint32_t) const override { throw std::logic_error("not in this fake"); }
    std::vector<PackId> list_packs() const override { return {}; }
    std::optional<ByteCount> pack_size(const PackId&) const override { return std::nullopt; }
    void remove_pack(const PackId&) override { throw std::logic_error("not in this fake"); }
    CheckedPack check_pack(const PackFacts&, PackCheck, const std::function<void(const PackDamage&)>&) const override {
        return {};
    }

    std::size_t slot_count() const { return slots_.size(); }
    mutable std::size_t pages_read = 0;

private:
    class Session final : public PackSession {
    public:
        explicit Session(MemoryChunkStore& store) : store_(store) {}
        ChunkAddress put_chunk(const ChunkId&, const Fingerprint&, ByteView plain) override { return put(plain); }
        ChunkAddress put_metadata(SlotKind, ByteView plain) override { return put(plain); }
        std::vector<StoredPack> take_durable() override { return {}; }
        void adopt(const StoredPack&) override {}
        std::vector<StoredPack> finish() override { return {}; }
        ByteCount bytes_stored() const override { return {}; }

    private:
        ChunkAddress put(ByteView plain) {
            const ChunkAddress address{pack_, next_slot_++};
            store_.slots_[address] = Bytes(plain.begin(), plain.end());
            return address;
        }
        MemoryChunkStore& store_;
        const PackId pack_ = PackId::make();
        std::uint32_t next_slot_ = 0;
    };

    std::map<ChunkAddress, Bytes> slots_;
};

}  // namespace varve::fakes
