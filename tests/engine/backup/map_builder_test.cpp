#include "engine/backup/map_builder.h"

#include <map>
#include <random>

#include "tests/catch.h"
#include "tests/fakes/memory_chunk_store.h"

using namespace varve;

namespace {

/// A map as a plain list of leaves, to compare with.
using FlatMap = std::map<std::uint64_t, LeafPage>;

LeafPage uniform_leaf(MapKind kind) {
    LeafPage page;
    page.entries.fill({kind, {}});
    return page;
}

LeafPage leaf_with(std::mt19937_64& random) {
    LeafPage page;
    for (int i = 0; i < 5; ++i) {
        PackId pack;
        pack.bytes.fill(static_cast<std::byte>(random()));
        page.entries[random() % map_fanout] = {MapKind::present, {pack, static_cast<std::uint32_t>(random() % 1000)}};
    }
    return page;
}

/// Replaces the digest of real ids; any function of the content will do.
Digest digest_of(const LeafPage& page) { return sha256(encode(page)); }

LeafPage leaf_of(const DiskMap& map, std::uint64_t index) {
    const Subtree subtree = map.subtree(0, index);
    return subtree.kind == MapKind::present ? *map.leaf(subtree) : uniform_leaf(subtree.kind);
}

void require_equal(const DiskMap& map, const FlatMap& expected) {
    for (const auto& [leaf, page] : expected) {
        INFO("leaf " << leaf);
        REQUIRE(leaf_of(map, leaf) == page);
    }
}

constexpr ByteCount sixteen_tib{std::uint64_t{16} << 40};

}  // namespace

TEST_CASE("map builder: an empty map is one page, whatever the size", "[engine][map]") {
    fakes::MemoryChunkStore store;
    auto session = store.begin_session();
    MapBuilder builder(*session, nullptr);
    const Subtree root = builder.finish(sixteen_tib);
    REQUIRE(root.kind == MapKind::present);
    REQUIRE(root.digest == Digest{});
    REQUIRE(store.slot_count() == 1);
}

TEST_CASE("map builder: random generations equal a flat list and share all unchanged pages", "[engine][map]") {
    std::mt19937_64 random(42);
    fakes::MemoryChunkStore store;
    FlatMap flat;
    std::optional<DiskMap> parent;
    const std::uint64_t leaves = leaf_count(sixteen_tib);
    for (int generation = 0; generation < 12; ++generation) {
        auto session = store.begin_session();
        MapBuilder builder(*session, parent ? &*parent : nullptr);
        std::map<std::uint64_t, int> edits;  // 0: a leaf, 1: a run of zeros, 2: a run of unallocated
        for (int i = 0; i < 30; ++i) edits[random() % leaves] = static_cast<int>(random() % 3);
        for (int i = 0; i < 10; ++i) edits[random() % 600] = 0;
        std::uint64_t next = 0;
        for (const auto& [at, what] : edits) {
            if (at < next) continue;
            if (what == 0) {
                flat[at] = leaf_with(random);
                builder.set_leaf(at, flat[at], digest_of(flat[at]));
                next = at + 1;
                continue;
            }
            const MapKind kind = what == 1 ? MapKind::zero : MapKind::unallocated;
            const std::uint64_t end = std::min(leaves, at + 1 + random() % 200000);
            builder.set_uniform(at, end, kind);
            for (auto it = flat.lower_bound(at); it != flat.end() && it->first < end; ++it)
                it->second = uniform_leaf(kind);
            flat[at] = flat[end - 1] = uniform_leaf(kind);
            next = end;
        }
        const Subtree root = builder.finish(sixteen_tib);
        DiskMap map(store, sixteen_tib, root);
        require_equal(map, flat);
        parent.emplace(store, sixteen_tib, root);
    }
}

TEST_CASE("map builder: what is not set is inherited without a new page", "[engine][map]") {
    std::mt19937_64 random(5);
    fakes::MemoryChunkStore store;
    auto session = store.begin_session();
    MapBuilder first(*session, nullptr);
    for (std::uint64_t leaf = 0; leaf < 1000; ++leaf) {
        const LeafPage page = leaf_with(random);
        first.set_leaf(leaf, page, digest_of(page));
    }
    const ByteCount size{1000 * leaf_bytes};
    const Subtree root = first.finish(size);
    const DiskMap parent(store, size, root);

    const std::size_t before = store.slot_count();
    MapBuilder same(*session, &parent);
    REQUIRE(same.finish(size) == root);
    REQUIRE(store.slot_count() == before);

    MapBuilder one(*session, &parent);
    const LeafPage page = leaf_with(random);
    one.set_leaf(500, page, digest_of(page));
    const Subtree changed = one.finish(size);
    REQUIRE(store.slot_count() == before + 4);  // a leaf and its three inner pages
    REQUIRE(DiskMap(store, size, changed).subtree(0, 499) == parent.subtree(0, 499));
}

TEST_CASE("map builder: the same content has the same digest, however it was built", "[engine][map]") {
    std::mt19937_64 random(6);
    fakes::MemoryChunkStore store;
    auto session = store.begin_session();
    const LeafPage x = leaf_with(random);
    const LeafPage y = leaf_with(random);
    MapBuilder old(*session, nullptr);
    old.set_leaf(3, y, digest_of(y));
    old.set_leaf(300, y, digest_of(y));
    const ByteCount size{400 * leaf_bytes};
    const DiskMap parent(store, size, old.finish(size));
    MapBuilder edited(*session, &parent);
    edited.set_leaf(3, x, digest_of(x));
    edited.set_uniform(300, 301, MapKind::zero);
    MapBuilder fresh(*session, nullptr);
    fresh.set_leaf(3, x, digest_of(x));
    REQUIRE(edited.finish(size).digest == fresh.finish(size).digest);
}

TEST_CASE("map builder: a disk that shrinks loses the leaves past its end", "[engine][map]") {
    std::mt19937_64 random(8);
    fakes::MemoryChunkStore store;
    auto session = store.begin_session();
    MapBuilder big(*session, nullptr);
    for (const std::uint64_t leaf : {1u, 255u, 256u, 70000u}) {
        const LeafPage page = leaf_with(random);
        big.set_leaf(leaf, page, digest_of(page));
    }
    const ByteCount size{80000 * leaf_bytes};
    const DiskMap parent(store, size, big.finish(size));
    MapBuilder small(*session, &parent);
    const ByteCount less{2 * leaf_bytes};
    const DiskMap map(store, less, small.finish(less));
    REQUIRE(map.subtree(0, 1) == parent.subtree(0, 1));
    for (const std::uint64_t leaf : {255u, 256u, 70000u}) REQUIRE(map.subtree(0, leaf).kind == MapKind::unallocated);
}

TEST_CASE("disk map: spans cover every leaf once, uniform subtrees in one visit", "[engine][map]") {
    std::mt19937_64 random(9);
    fakes::MemoryChunkStore store;
    auto session = store.begin_session();
    MapBuilder builder(*session, nullptr);
    const LeafPage page = leaf_with(random);
    builder.set_leaf(70, page, digest_of(page));
    builder.set_leaf(900000, page, digest_of(page));
    const DiskMap map(store, sixteen_tib, builder.finish(sixteen_tib));
    std::uint64_t next = 10;
    std::size_t visits = 0;
    for_each_leaf_span(map, 10, leaf_count(sixteen_tib), [&](const LeafSpan& span) {
        REQUIRE(span.first_leaf == next);
        next += span.leaf_count;
        ++visits;
    });
    REQUIRE(next == leaf_count(sixteen_tib));
    REQUIRE(visits < 2000);
    REQUIRE(store.pages_read < 10);
}
