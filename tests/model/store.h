#pragma once

#include <optional>
#include <vector>

#include "tests/model/address.h"

namespace varve::model {

/// What stands for a chunk in a pack that holds a move table, and for bytes that are not those of any chunk.
inline constexpr Chunk table_content = 900;
inline constexpr Chunk garbage = 901;

/// One chunk in a pack: whole, or a patch of the chunk at `base` (always a whole one).
struct Slot {
    Chunk chunk = 0;
    std::optional<Address> base;

    void add_to(StateHash& hash) const {
        hash.add(chunk);
        hash.add(base);
    }
};

/// The pack files of a repository. Put and remove are atomic and may come in any order and more than once.
/// A pack is visible as soon as it was put, but survives a power cut only after a sync.
class Store {
public:
    void put(PackId id, std::vector<Slot> slots);
    void remove(PackId id);
    bool has(PackId id) const;
    void sync();
    /// A power cut takes all packs that are not durable.
    void cut_power();
    /// Whether it would survive a power cut now.
    bool has_durable(PackId id) const;
    std::vector<PackId> list() const;

    /// What was stored at `at`, even if its pack is gone: slot tables outlive packs in the catalog.
    const Slot& slot(Address at) const;
    std::size_t slot_count(PackId id) const;

    void add_to(StateHash& hash) const { hash.add(packs_); }

private:
    struct Pack {
        PackId id;
        std::vector<Slot> slots;
        bool present;
        bool durable;
        void add_to(StateHash& hash) const;
    };
    const Pack* find(PackId id) const;

    std::vector<Pack> packs_;  // in order of id, so that equal stores hash equally
};

}  // namespace varve::model
