#include "store/pack_store.h"

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/error.h"
#include "store/backend_session.h"
#include "store/object/repository_config.h"
#include "store/pack/pack_check.h"
#include "store/pack/pack_names.h"
#include "store/pack/pack_reader.h"
#include "store/pack/pack_scan.h"

namespace varve {

PackStore::PackStore(Backend& backend, const RepositoryInfo& info, const SlotDirectory& directory,
                     const SessionLimits& limits)
    : backend_(backend), info_(info), directory_(directory), limits_(limits), reader_(backend, directory) {}

std::unique_ptr<PackSession> PackStore::begin_session() {
    check_writable(info_, backend_);
    return std::make_unique<BackendSession>(backend_, info_.id, limits_);
}

void PackStore::get(std::span<const ChunkAddress> addresses, const ChunkSink& sink) const {
    reader_.get_chunks(addresses, sink);
}

Bytes PackStore::get_metadata(const ChunkAddress& address, SlotKind kind) const {
    return reader_.get_metadata(address, kind);
}

StoredPack PackStore::read_pack(const PackId& id, PackCheck check) const {
    const PackReader reader(backend_, id);
    StoredPack pack = reader.read_trailer(info_.id);
    if (check == PackCheck::trailer) return pack;
    if (const Digest found = reader.compute_digest(); found != pack.facts.digest)
        throw Error(ErrorCode::corrupt, fmt::format("{}: expected digest {}, found {}", reader.object(),
                                                    to_hex(pack.facts.digest.view()), to_hex(found.view())));
    return pack;
}

std::shared_ptr<const SlotTable> PackStore::salvage_slots(const PackId& id) const {
    std::optional<SlotTable> table = scan_pack(backend_, id).slot_table();
    return table ? std::make_shared<const SlotTable>(std::move(*table)) : nullptr;
}

std::vector<std::pair<PackId, std::shared_ptr<const SlotTable>>> PackStore::read_slot_table_copies(
    const StoredPack& pack) const {
    std::vector<std::pair<PackId, std::shared_ptr<const SlotTable>>> copies;
    for (std::uint32_t slot = 0; slot < pack.slots->slots.size(); ++slot) {
        if (pack.slots->slots[slot].kind != SlotKind::slot_table) continue;
        try {
            copies.push_back(read_slot_table_copy(pack, slot));
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
        }
    }
    return copies;
}

std::pair<PackId, std::shared_ptr<const SlotTable>> PackStore::read_slot_table_copy(const StoredPack& pack,
                                                                                    std::uint32_t slot) const {
    const std::string object = describe_slot(backend_, pack.facts.id, *pack.slots, slot);
    const Bytes bytes = reader_.read_slot(pack.facts.id, *pack.slots, slot);
    ByteReader from(bytes, object);
    PackId of;
    of.bytes = from.array<16>();
    return {of,
            std::make_shared<const SlotTable>(parse_slot_table(
                from.take(from.remaining()), fmt::format("{}, copy of the slot table of pack {}", object, of.hex())))};
}

Bytes PackStore::read_slot(const StoredPack& pack, std::uint32_t slot) const {
    return reader_.read_slot(pack.facts.id, *pack.slots, slot);
}

std::vector<PackId> PackStore::list_packs() const {
    std::vector<PackId> packs;
    for (const std::string& name : backend_.list(packs_prefix))
        if (const auto id = pack_of_name(name)) packs.push_back(*id);
    return packs;
}

std::optional<ByteCount> PackStore::pack_size(const PackId& id) const { return backend_.size(pack_name(id)); }

void PackStore::remove_pack(const PackId& id) {
    check_writable(info_, backend_);
    backend_.remove(pack_name(id));
}

ChunkStore::CheckedPack PackStore::check_pack(const PackFacts& facts, PackCheck check,
                                              const std::function<void(const PackDamage&)>& damage) const {
    return varve::check_pack(backend_, info_.id, facts, check, known_slots(facts.id), reader_, damage);
}

/// The directory's table, or nullptr for a pack unknown to it.
std::shared_ptr<const SlotTable> PackStore::known_slots(const PackId& id) const {
    try {
        return directory_.slots(id);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) return nullptr;
        throw;
    }
}

}  // namespace varve
