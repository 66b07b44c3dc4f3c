#include "store/pack_store.h"

#include <thread>

#include "store/pack/pack_names.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/known_packs.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/pack_builder.h"

namespace varve {
namespace {

using backend_contract::error_of;

struct World {
    MemoryBackend backend;
    RepositoryInfo info{RepositoryId::make(), 42, true};
    KnownPacks known;
    PackStore store{backend, info, known};

    /// What `get` delivers, by index in `addresses`.
    std::vector<Bytes> get(const std::vector<ChunkAddress>& addresses) const {
        std::vector<Bytes> got(addresses.size());
        store.get(addresses, [&](std::size_t index, ByteView plain) { got[index].assign(plain.begin(), plain.end()); });
        return got;
    }
};

/// A chunk that differs from `base` in the given blocks.
Bytes with_changed_blocks(Bytes base, std::initializer_list<std::size_t> blocks) {
    for (const std::size_t block : blocks) base[block * patch_block_bytes + block * 17] ^= std::byte{0x55};
    return base;
}

}  // namespace

TEST_CASE("chunks and patches are read back complete from any mix of packs and frames", "[store][get]") {
    World world;
    std::vector<ChunkAddress> addresses;
    std::vector<Bytes> contents;
    std::vector<std::size_t> whole;
    for (unsigned p = 0; p < 3; ++p) {
        PackBuilder builder(world.backend, world.info.id, PackKind::data);
        for (unsigned i = 0; i < 20; ++i) {
            if (i % 5 == 3 && !whole.empty()) {
                const std::size_t base = whole[(i * 7 + p) % whole.size()];
                contents.push_back(with_changed_blocks(contents[base], {i % 16, (i + 5) % 16, (i + 9) % 16}));
                addresses.push_back(builder.patch(contents.back(), contents[base], addresses[base]));
            } else {
                whole.push_back(contents.size());
                contents.push_back(sample_chunk(p * 100 + i));
                addresses.push_back(builder.chunk(contents.back()));
            }
            if (i % 3 == 2) builder.end_frame();
        }
        world.known.add(builder.commit());
    }
    REQUIRE(world.get(addresses) == contents);

    std::vector<ChunkAddress> shuffled;
    std::vector<Bytes> expected;
    for (std::size_t i = 0; i < 90; ++i) {
        shuffled.push_back(addresses[i * 37 % addresses.size()]);  // some twice
        expected.push_back(contents[i * 37 % addresses.size()]);
    }
    REQUIRE(world.get(shuffled) == expected);
    REQUIRE(world.get({}).empty());
    for (std::size_t i = 0; i < addresses.size(); ++i)
        REQUIRE(world.get({addresses[i]}) == std::vector<Bytes>{contents[i]});
}

TEST_CASE("adjacent frames are read at once, and a frame read for single chunks only once", "[store][get]") {
    World world;
    PackBuilder builder(world.backend, world.info.id, PackKind::data);
    std::vector<ChunkAddress> addresses;
    for (unsigned i = 0; i < 16; ++i) {
        addresses.push_back(builder.chunk(sample_chunk(i)));
        if (i % 4 == 3) builder.end_frame();
    }
    world.known.add(builder.commit());
    FaultBackend counting(world.backend);
    const PackStore store(counting, world.info, world.known);
    store.get(addresses, [](std::size_t, ByteView) {});
    REQUIRE(counting.operations() == 1);
    for (unsigned i = 0; i < 16; ++i) store.get(std::span(addresses).subspan(i, 1), [](std::size_t, ByteView) {});
    REQUIRE(counting.operations() == 1 + 4);
}

TEST_CASE("moved content is read from its new place, and discarded content is reported", "[store][get]") {
    World world;
    PackBuilder old_pack(world.backend, world.info.id, PackKind::data);
    const Bytes base = sample_chunk(1);
    const Bytes patched = with_changed_blocks(base, {3});
    const ChunkAddress old_base = old_pack.chunk(base);
    const ChunkAddress lost = old_pack.chunk(sample_chunk(2));
    const StoredPack old_stored = old_pack.commit();
    PackBuilder new_pack(world.backend, world.info.id, PackKind::data);
    const ChunkAddress patch = new_pack.patch(patched, base, old_base);
    const ChunkAddress new_base = new_pack.chunk(base);
    world.known.add(new_pack.commit());
    world.known.move(old_base, new_base);
    world.known.condemn(old_stored.facts.id);
    world.backend.remove(pack_name(old_stored.facts.id));
    REQUIRE(world.get({old_base, patch}) == std::vector<Bytes>{base, patched});
    REQUIRE(error_of([&] { world.get({lost}); }) == ErrorCode::not_found);
}

TEST_CASE("a missing pack, a wrong kind and a slot out of range are reported", "[store][get]") {
    World world;
    PackBuilder data(world.backend, world.info.id, PackKind::data);
    const ChunkAddress chunk = data.chunk(sample_chunk(1));
    const Bytes patched = with_changed_blocks(sample_chunk(1), {0});
    const ChunkAddress patch = data.patch(patched, sample_chunk(1), chunk);
    data.end_frame();
    const ChunkAddress patch_of_patch = data.patch(with_changed_blocks(patched, {1}), patched, patch);
    const StoredPack pack = data.commit();
    world.known.add(pack);
    PackBuilder metadata(world.backend, world.info.id, PackKind::metadata);
    const ChunkAddress page = metadata.metadata(SlotKind::page, bytes_of("page"));
    world.known.add(metadata.commit());

    REQUIRE(error_of([&] { world.get({patch_of_patch}); }) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { world.get({page}); }) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { world.get({{chunk.pack, 3}}); }) == ErrorCode::corrupt);
    REQUIRE(text_of(world.store.get_metadata(page, SlotKind::page)) == "page");
    REQUIRE(error_of([&] { (void)world.store.get_metadata(page, SlotKind::attachment); }) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { (void)world.store.get_metadata(chunk, SlotKind::page); }) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { world.get({{PackId::make(), 0}}); }) == ErrorCode::not_found);
    world.backend.remove(pack_name(pack.facts.id));
    REQUIRE_THROWS_WITH(world.get({chunk}),
                        ContainsSubstring(pack_name(pack.facts.id)) && ContainsSubstring("varve verify"));
}

TEST_CASE("every flipped bit of a small pack gives an error or the right content", "[store][get]") {
    World world;
    PackBuilder builder(world.backend, world.info.id, PackKind::metadata);
    const std::vector<Bytes> contents = {compressible_sample(300, 1), random_sample(50, 2),
                                         compressible_sample(200, 3)};
    for (const Bytes& content : contents) builder.metadata(SlotKind::page, content);
    const StoredPack pack = builder.commit();
    const Bytes good = world.backend.get(pack_name(pack.facts.id), {10000}).value();
    for (std::size_t at = 0; at < good.size(); ++at)
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes damaged = good;
            damaged[at] ^= std::byte{1} << bit;
            world.backend.replace(pack_name(pack.facts.id), damaged);
            const PackStore store(world.backend, world.info, world.known);
            try {
                const StoredPack found = store.read_pack(pack.facts.id, PackCheck::trailer);
                for (std::uint32_t slot = 0; slot < contents.size(); ++slot) {
                    const Bytes content = store.read_slot(found, slot);
                    REQUIRE(content == contents[slot]);
                }
            } catch (const Error& error) {
                REQUIRE((error.code() == ErrorCode::corrupt || error.code() == ErrorCode::unsupported));
            }
            // Reading everything verifies every byte, so what it accepts is the pack itself.
            const ErrorCode whole = error_of([&] { (void)store.read_pack(pack.facts.id, PackCheck::whole); });
            REQUIRE((whole == ErrorCode::corrupt || whole == ErrorCode::unsupported));
        }
}

TEST_CASE("a pack that was damaged and put right is read as it is now", "[store][get]") {
    World world;
    PackBuilder pages(world.backend, world.info.id, PackKind::metadata);
    PackBuilder data(world.backend, world.info.id, PackKind::data);
    std::vector<ChunkAddress> chunks;
    std::vector<Bytes> page_contents;
    for (unsigned i = 0; i < 3; ++i) {
        page_contents.push_back(
            random_sample(200, i));  // does not compress, so a flipped byte leaves the frame readable
        pages.metadata(SlotKind::page, page_contents.back());
        chunks.push_back(data.chunk(random_sample(chunk_bytes, 10 + i)));
    }
    const StoredPack page_pack = pages.commit();
    const StoredPack data_pack = data.commit();
    for (const StoredPack* pack : {&page_pack, &data_pack}) {
        world.known.add(*pack);
        const std::string name = pack_name(pack->facts.id);
        const Bytes good = world.backend.get(name, mib(1)).value();
        Bytes damaged = good;
        const Frame& frame = pack->slots->frames.at(0);
        damaged[frame.offset + frame.header_bytes + frame.stored_bytes - 1] ^= std::byte{1};  // in the last slot
        world.backend.replace(name, damaged);
        const bool is_data = pack == &data_pack;
        const auto read = [&](std::uint32_t slot) {
            if (!is_data) return world.store.get_metadata({pack->facts.id, slot}, SlotKind::page);
            return world.get({chunks[slot]}).front();
        };
        REQUIRE_THROWS_AS(read(2), Error);
        (void)read(0);  // the frame is cached again, with the damaged slot
        if (is_data) REQUIRE_THROWS_AS(read(2), Error);
        world.backend.replace(name, good);
        REQUIRE(read(2) == (is_data ? random_sample(chunk_bytes, 12) : page_contents[2]));
    }
}

TEST_CASE("packs are listed by their names alone", "[store]") {
    World world;
    PackBuilder first(world.backend, world.info.id, PackKind::metadata);
    first.metadata(SlotKind::page, bytes_of("x"));
    const PackId id = first.commit().facts.id;
    world.backend.put_if_absent("packs/zz/rubbish", {});
    world.backend.put_if_absent("packs/rubbish", {});
    REQUIRE(world.store.list_packs() == std::vector{id});
}

TEST_CASE("many threads read the same chunks at once", "[store][get][pipeline]") {
    World world;
    PackBuilder builder(world.backend, world.info.id, PackKind::data);
    std::vector<ChunkAddress> addresses;
    std::vector<Bytes> contents;
    for (unsigned i = 0; i < 32; ++i) {
        contents.push_back(sample_chunk(i));
        addresses.push_back(builder.chunk(contents.back()));
        if (i % 4 == 3) builder.end_frame();
    }
    world.known.add(builder.commit());
    std::atomic<unsigned> wrong{0};
    std::vector<std::thread> readers;
    for (unsigned self = 0; self < 4; ++self)
        readers.emplace_back([&, self] {
            for (unsigned round = 0; round < 8; ++round) {
                std::vector<ChunkAddress> wanted;
                std::vector<std::size_t> which;
                for (unsigned i = self; i < 32; i += 1 + round % 3) {
                    wanted.push_back(addresses[i]);
                    which.push_back(i);
                }
                world.store.get(wanted, [&](std::size_t index, ByteView plain) {
                    const Bytes& expected = contents[which[index]];
                    wrong += std::equal(plain.begin(), plain.end(), expected.begin(), expected.end()) ? 0u : 1u;
                });
            }
        });
    for (std::thread& reader : readers) reader.join();
    REQUIRE(wrong == 0);
}

}  // namespace varve
