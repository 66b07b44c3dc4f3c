// Map pages that no live map has any more are made again from an image of the disk, or from another repository.

#include "engine/jobs/copy_snapshots.h"
#include "engine/prune/heal.h"
#include "engine/prune/image_chunks.h"
#include "engine/prune/image_pages.h"
#include "engine/prune/repository_pages.h"
#include "store/pack/pack_names.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::back_up;
using test::Night;
using test::prune_now;
using test::TestRepository;

namespace {

/// Of three leaves: the first with data, zeros and holes; the second with zeros and holes; the last, cut by the disk's
/// end, with data.
fakes::MemoryImage disk_of_three_leaves(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(2 * leaf_bytes + 9 * chunk_bytes + 4096);
    disk.write_random(random, 3 * chunk_bytes, 5 * chunk_bytes + 8192);
    disk.clear(20 * chunk_bytes, 7 * chunk_bytes, ExtentKind::zero);
    disk.clear(leaf_bytes + 3 * chunk_bytes, 2 * chunk_bytes, ExtentKind::zero);
    disk.write_random(random, 2 * leaf_bytes + 2 * chunk_bytes, 7 * chunk_bytes + 4096);
    return disk;
}

PackId page_pack_of(const Night& night) { return night.record.map.pack; }

/// The next command on a host: it has the catalog, and nothing in memory.
struct NextCommand {
    NextCommand(Backend& backend, TestRepository& host)
        : packs(backend, host.info, *host.catalog, {}),
          chunks(host.info, host.log, packs, *host.catalog),
          repository{host.info, host.log, chunks, *host.catalog, &host.damage} {}

    PruneReport heal_from(const HealSources& sources) { return heal(repository, sources, progress, {}); }

    PackStore packs;
    LogFollowingStore chunks;
    Repository repository;
    test::ListeningProgress progress;
};

/// Of every chunk that a leaf covers.
std::vector<MapKind> kinds_of(TestRepository& host, const SnapshotRecord& snapshot) {
    const DiskMap map(host.chunks, snapshot);
    std::vector<MapKind> kinds;
    for_each_leaf_span(map, 0, leaf_count(snapshot.size), [&](const LeafSpan& span) {
        if (span.subtree.kind != MapKind::present)
            return kinds.insert(kinds.end(), span.leaf_count * map_fanout, span.subtree.kind), void();
        for (const LeafEntry& entry : map.leaf(span.subtree)->entries) kinds.push_back(entry.kind);
    });
    return kinds;
}

/// Two nights of a disk, of which the second changes the first leaf, and a copy of the repository.
struct LostMaps {
    LostMaps() {
        TestRepository writer(backend);
        nights.push_back(back_up(writer, first_disk, "d", 1));
        std::mt19937_64 random(5);
        second_disk.write_random(random, 30 * chunk_bytes, 2 * chunk_bytes);
        nights.push_back(back_up(writer, second_disk, "d", 2));
        for (const Night& night : nights) kinds.push_back(kinds_of(writer, night.record));
        copy_snapshots(writer.repository, other.repository, writer.catalog->snapshots(), writer.progress, {});
        host.snapshots();
    }

    void forget_first() { test::forget(host, {nights[0].record.id}); }

    void lose(const Night& night) { backend.remove(pack_name(page_pack_of(night))); }

    /// A leaf that holds nothing was made again below a page that was not lost: its digest states nothing about kinds.
    void second_leaf_is_unallocated(std::size_t night) {
        std::fill_n(kinds[night].begin() + map_fanout, map_fanout, MapKind::unallocated);
    }

    void require_whole(TestRepository& seen) {
        test::require_nights(seen, nights);
        test::require_nights_on_a_fresh_host(backend, nights);
        for (std::size_t i = 0; i < nights.size(); ++i) REQUIRE((kinds_of(seen, nights[i].record) == kinds[i]));
        REQUIRE_FALSE(heal(seen.repository, {}, seen.progress, {}).entry);
        prune_now(seen);
        REQUIRE(test::is_without_garbage(seen));
        test::require_nights_on_a_fresh_host(backend, nights);
    }

    MemoryBackend backend;
    TestRepository host{backend};  ///< has a catalog, and has read no page
    MemoryBackend elsewhere;
    TestRepository other{elsewhere};
    const fakes::MemoryImage first_disk = disk_of_three_leaves(1);
    fakes::MemoryImage second_disk = disk_of_three_leaves(1);
    std::vector<Night> nights;
    std::vector<std::vector<MapKind>> kinds;
};

}  // namespace

TEST_CASE("lost pages: an image of the disk, or a copy of the repository, has them, whatever pages are lost",
          "[prune][heal]") {
    const bool is_from_image = GENERATE(true, false);
    const bool has_catalog = GENERATE(true, false);
    const auto lost = GENERATE(values<std::vector<std::size_t>>({{0}, {1}, {0, 1}}));
    LostMaps maps;
    for (const std::size_t night : lost) maps.lose(maps.nights[night]);
    TestRepository fresh(maps.backend);
    TestRepository& host = has_catalog ? maps.host : fresh;
    host.snapshots();

    const ImagePages first(maps.first_disk, host.progress);
    const ImagePages second(maps.second_disk, host.progress);
    const RepositoryPages copy(maps.other.repository);
    HealSources sources;
    if (is_from_image)
        sources.pages = {&first, &second};
    else
        sources.pages = {&copy};
    const PruneReport report = NextCommand(maps.backend, host).heal_from(sources);
    REQUIRE(report.kept.empty());
    REQUIRE(report.entry);
    REQUIRE(report.healed_pages >= 4);
    if (lost == std::vector<std::size_t>{0}) maps.second_leaf_is_unallocated(1);
    maps.require_whole(host);
}

TEST_CASE("lost pages: of an image only what lost pages cover is read", "[prune][heal]") {
    LostMaps maps;
    maps.forget_first();
    const PackId pages = page_pack_of(maps.nights[0]);  // those that the second night shares are the last two leaves
    maps.nights.erase(maps.nights.begin());
    maps.kinds.erase(maps.kinds.begin());
    maps.backend.remove(pack_name(pages));
    const ByteCount before = maps.second_disk.bytes_read();
    const ImagePages image(maps.second_disk, maps.host.progress);
    const PruneReport report = NextCommand(maps.backend, maps.host).heal_from({{}, {&image}});
    REQUIRE(report.entry);
    REQUIRE(report.healed_pages == 2);
    REQUIRE((maps.second_disk.bytes_read() - before).value == 7 * chunk_bytes + 4096);
    maps.second_leaf_is_unallocated(0);
    maps.require_whole(maps.host);
}

TEST_CASE("lost pages: what holds nothing is made again from nothing", "[prune][heal]") {
    MemoryBackend backend;
    TestRepository host(backend);
    fakes::MemoryImage disk(leaf_bytes + 2 * chunk_bytes);
    disk.clear(3 * chunk_bytes, chunk_bytes, ExtentKind::zero);
    const std::vector<Night> nights{back_up(host, disk, "d", 1)};
    backend.remove(pack_name(page_pack_of(nights[0])));
    TestRepository fresh(backend);
    fresh.snapshots();
    const PruneReport report = heal(fresh.repository, {}, fresh.progress, {});
    REQUIRE(report.healed_pages == 1);  // the root page, below which nothing is known, and nothing is
    test::require_nights(host, nights);
    test::require_nights_on_a_fresh_host(backend, nights);
}

TEST_CASE("lost pages: a source that has something else there changes nothing", "[prune][heal]") {
    LostMaps maps;
    maps.lose(maps.nights[1]);
    TestRepository& host = maps.host;
    const fakes::MemoryImage foreign = disk_of_three_leaves(9);
    MemoryBackend elsewhere;
    TestRepository unrelated(elsewhere);
    back_up(unrelated, foreign, "d", 1);
    const ImagePages image(foreign, host.progress);
    const ImagePages earlier(maps.first_disk, host.progress);
    const RepositoryPages repository(unrelated.repository);
    const std::vector<PackId> packs = host.chunks.list_packs();
    const std::vector<std::string> objects = maps.backend.list("", {});
    const PruneReport report = NextCommand(maps.backend, host).heal_from({{}, {&image, &earlier, &repository}});
    REQUIRE_FALSE(report.entry);
    REQUIRE(report.kept.size() == 1);
    REQUIRE(report.kept.front().id == page_pack_of(maps.nights[1]));
    REQUIRE(maps.backend.list("", {}) == objects);

    const RepositoryPages copy(maps.other.repository);
    REQUIRE(NextCommand(maps.backend, host).heal_from({{}, {&image, &repository, &copy}}).entry);
    maps.require_whole(host);
}

TEST_CASE("lost pages: chunks that are lost with them come from the same source", "[prune][heal]") {
    const bool is_from_image = GENERATE(true, false);
    LostMaps maps;
    TestRepository& host = maps.host;
    maps.lose(maps.nights[0]);
    maps.lose(maps.nights[1]);
    for (const ListedPack& pack : host.catalog->packs())
        if (pack.facts.kind == PackKind::data) maps.backend.remove(pack_name(pack.facts.id));
    const ImagePages first_pages(maps.first_disk, host.progress);
    const ImagePages second_pages(maps.second_disk, host.progress);
    const ImageChunks chunks(maps.second_disk, ids_in_damaged_packs(host.repository), host.progress, {});
    const RepositoryPages copied_pages(maps.other.repository);
    const StoredChunks copied_chunks(maps.other.repository);
    HealSources sources;
    if (is_from_image)
        sources = {{&chunks}, {&first_pages, &second_pages}};
    else
        sources = {{&copied_chunks}, {&copied_pages}};
    const PruneReport report = NextCommand(maps.backend, host).heal_from(sources);
    REQUIRE(report.kept.empty());
    REQUIRE(report.healed_chunks > 0);
    maps.require_whole(host);
}

TEST_CASE("lost pages: a chunk whose id is lost, too, keeps its page from being made", "[prune][heal]") {
    LostMaps maps;
    maps.lose(maps.nights[1]);
    for (const ListedPack& pack : maps.host.catalog->packs())
        if (pack.facts.kind == PackKind::data) maps.backend.remove(pack_name(pack.facts.id));
    TestRepository fresh(maps.backend);
    fresh.snapshots();
    const RepositoryPages copy(maps.other.repository);
    const StoredChunks chunks(maps.other.repository);
    const ImageChunks image(maps.second_disk, ids_in_damaged_packs(fresh.repository), fresh.progress, {});
    const PruneReport report = heal(fresh.repository, {{&chunks, &image}, {&copy}}, fresh.progress, {});
    REQUIRE_FALSE(report.entry);
    REQUIRE_FALSE(report.kept.empty());
}

TEST_CASE("lost pages: disks of which each has its own image are healed together", "[prune][heal]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const fakes::MemoryImage a = disk_of_three_leaves(21);
    const fakes::MemoryImage b = disk_of_three_leaves(22);
    const std::vector<Night> nights{back_up(host, a, "a", 1), back_up(host, b, "b", 2)};
    for (const Night& night : nights) backend.remove(pack_name(page_pack_of(night)));
    const ImagePages from_a(a, host.progress);
    const ImagePages from_b(b, host.progress);
    const PruneReport report = heal(host.repository, {{}, {&from_a}}, host.progress, {});
    REQUIRE_FALSE(report.entry);
    REQUIRE(report.kept.front().id == page_pack_of(nights[1]));
    heal(host.repository, {{}, {&from_b, &from_a}}, host.progress, {});
    test::require_nights(host, nights);
    test::require_nights_on_a_fresh_host(backend, nights);
}
