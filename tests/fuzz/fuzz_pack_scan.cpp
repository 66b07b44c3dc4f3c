// libFuzzer target: any bytes as a pack file: its trailer, a scan of its frames and the content of every slot, through
// the code that restore and repair use. Each step returns or throws Error.

#include <cstdlib>

#include "engine/base/error.h"
#include "store/pack/pack_check.h"
#include "store/pack/pack_names.h"
#include "store/pack/pack_scan.h"
#include "store/pack_store.h"
#include "tests/fakes/known_packs.h"
#include "tests/fakes/memory_backend.h"

namespace varve {
namespace {

/// The ids that the seeds in corpus/pack_scan were written with.
template <typename Id>
Id filled(unsigned byte) {
    Id id;
    id.bytes.fill(static_cast<std::byte>(byte));
    return id;
}

/// Runs one step, which may throw Error.
template <typename Step>
void try_step(const Step& step) {
    try {
        step();
    } catch (const Error&) {
    }
}

void read_all(const PackStore& store, const StoredPack& pack) {
    for (std::uint32_t slot = 0; slot < pack.slots->slots.size(); ++slot) {
        const ChunkAddress address{pack.facts.id, slot};
        try_step([&] { (void)store.read_slot(pack, slot); });
        try_step([&] { store.get(std::span(&address, 1), [](std::size_t, ByteView) {}); });
    }
    try_step([&] { (void)store.read_slot_table_copies(pack); });
}

void use_pack(Bytes bytes) {
    const auto id = filled<PackId>(0x22);
    const RepositoryInfo info{filled<RepositoryId>(0x11), 0, true};
    const std::uint64_t length = bytes.size();
    MemoryBackend backend;
    backend.replace(pack_name(id), std::move(bytes));
    KnownPacks known;
    const PackStore store(backend, info, known);

    try_step([&] {
        const StoredPack pack = store.read_pack(id, PackCheck::trailer);
        known.add(pack);
        read_all(store, pack);
    });
    const ScannedPack scanned = scan_pack(backend, id);
    if (const auto table = scanned.slot_table()) {
        const StoredPack pack{{id, PackKind::data, {}, {length}}, std::make_shared<const SlotTable>(*table)};
        known.add(pack);
        read_all(store, pack);
    }
    for (const PackCheck check : {PackCheck::trailer, PackCheck::whole})
        try_step([&] { store.check_pack({id, PackKind::data, {}, {length}}, check, [](const PackDamage&) {}); });
}

}  // namespace
}  // namespace varve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    varve::use_pack({bytes.begin(), bytes.end()});
    return 0;
}
