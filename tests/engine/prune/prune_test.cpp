// Prune over whole repositories: real packs, real log, real catalogs.

#include "engine/prune/prune.h"

#include <map>
#include <set>

#include "engine/base/error.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/packs_of.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::back_up;
using test::Night;
using test::TestRepository;

namespace {

/// Packs of four chunks, so that a small repository has many.
SessionLimits small_packs() {
    SessionLimits limits;
    limits.pack_bytes = kib(256);
    return limits;
}

PruneRequest small_request() {
    PruneRequest request;
    request.limits.pack_bytes = small_packs().pack_bytes;
    return request;
}

fakes::MemoryImage some_disk(std::uint64_t seed, std::uint64_t chunks = 30) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(20u << 20);
    disk.write_random(random, 0, chunks * chunk_bytes);
    return disk;
}

/// What a repository takes that never had anything but these nights.
ByteCount bytes_without_history(const std::vector<Night>& nights) {
    MemoryBackend backend;
    TestRepository host(backend, small_packs());
    for (const Night& night : nights) {
        fakes::MemoryImage disk(night.bytes.size());
        for (std::size_t at = 0; at < night.bytes.size(); at += chunk_bytes) {
            const std::size_t length = std::min(chunk_bytes, night.bytes.size() - at);
            const ByteView chunk = ByteView(night.bytes).subspan(at, length);
            if (!is_zero(chunk)) disk.write(at, chunk);
        }
        host.backup(disk, night.record.disk, night.record.time);
    }
    return test::bytes_of_packs(host.chunks);
}

}  // namespace

TEST_CASE("prune: what was forgotten frees its bytes, and the other nights stay whole on every host", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend, small_packs());
    TestRepository other(backend);
    fakes::MemoryImage disk = some_disk(1);
    std::mt19937_64 random(2);
    std::vector<Night> nights;
    for (int night = 0; night < 8; ++night) {
        nights.push_back(back_up(host, disk, "d", night));
        disk.write_random(random, random() % 26 * chunk_bytes, 4 * chunk_bytes);
    }
    other.snapshots();
    const ByteCount before = test::bytes_of_packs(host.chunks);
    std::vector<SnapshotId> forgotten;
    forgotten.reserve(6);
    for (int i = 0; i < 6; ++i) forgotten.push_back(nights[static_cast<std::size_t>(i)].record.id);
    nights.erase(nights.begin(), nights.begin() + 6);
    test::forget(host, forgotten);

    const PruneReport report = test::prune_now(host, small_request());
    REQUIRE(report.entry.has_value());
    REQUIRE(report.kept.empty());
    REQUIRE(report.remaining.count == 0);
    const ByteCount after = test::bytes_of_packs(host.chunks);
    REQUIRE(before - after == report.removed.bytes - report.written.bytes);
    REQUIRE(after.value < bytes_without_history(nights).value * 4 / 3 + 65536);
    REQUIRE(test::is_without_garbage(host));
    test::require_nights(host, nights);
    test::require_nights(other, nights);
    test::require_nights_on_a_fresh_host(backend, nights);

    const PruneReport again = test::prune_now(host, small_request());
    REQUIRE_FALSE(again.entry.has_value());
    REQUIRE(again.removed.count == 0);
}

TEST_CASE("prune: a repository that has forgotten everything becomes empty", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const Night night = back_up(host, some_disk(3), "d", 1);
    test::forget(host, {night.record.id});
    test::prune_now(host);
    REQUIRE(host.chunks.list_packs().empty());
    test::require_nights_on_a_fresh_host(backend, {});
    const Night next = back_up(host, some_disk(3), "d", 2);
    REQUIRE(next.record.statistics.chunks_new == 30);
    test::require_nights_on_a_fresh_host(backend, {next});
}

TEST_CASE("prune: the preview states what the prune then does, and writes nothing", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend, small_packs());
    const Night gone = back_up(host, some_disk(4), "a", 1);
    const Night kept = back_up(host, some_disk(5), "b", 1);
    test::forget(host, {gone.record.id});
    const auto names = backend.list("", "");
    const PruneReport preview = preview_prune(host.repository, small_request(), host.progress, {});
    REQUIRE(backend.list("", "") == names);
    REQUIRE_FALSE(preview.entry);
    const PruneReport report = test::prune_now(host, small_request());
    REQUIRE(preview.plan.packs.size() == report.plan.packs.size());
    REQUIRE(preview.plan.bytes_to_copy() == report.plan.bytes_to_copy());
    test::require_nights(host, {kept});
}

TEST_CASE("prune: small nights are merged, and nothing is copied the next time", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend);
    std::vector<Night> nights;
    fakes::MemoryImage disk = some_disk(6, 10);
    std::mt19937_64 random(7);
    for (int night = 0; night < 9; ++night) {
        nights.push_back(back_up(host, disk, "d", night));
        disk.write_random(random, 3 * chunk_bytes, chunk_bytes);
    }
    REQUIRE(host.chunks.list_packs().size() == 18);
    const PruneReport report = test::prune_now(host);
    REQUIRE(host.chunks.list_packs().size() <= 4);
    REQUIRE(report.plan.packs.size() >= 16);
    test::require_nights(host, nights);
    test::require_nights_on_a_fresh_host(backend, nights);
    REQUIRE_FALSE(test::prune_now(host).entry);
}

TEST_CASE("prune: orphans go, unless a writer may be at work", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const Night night = back_up(host, some_disk(8), "d", 1);
    {
        auto session = host.chunks.begin_session();  // a backup that dies before its entry
        const Bytes bytes = fakes::MemoryImage(some_disk(9, 1)).bytes();
        const ByteView chunk = ByteView(bytes).first(chunk_bytes);
        session->put_chunk(sha256(chunk), Fingerprinter(host.info.fingerprint_seed).of(chunk), chunk);
        session->finish();
    }
    backend.put_if_absent("packs/00/00000000000000000000000000000000", bytes_of("torn"));
    PruneRequest request;
    request.is_writer_alive = [] { return true; };
    const PruneReport spared = test::prune_now(host, request);
    REQUIRE_FALSE(spared.entry);
    REQUIRE(spared.plan.spared.count == 3);
    REQUIRE(host.chunks.list_packs().size() == 5);
    const PruneReport report = test::prune_now(host);
    REQUIRE(report.removed.count == 3);
    REQUIRE(host.chunks.list_packs().size() == 2);
    test::require_nights_on_a_fresh_host(backend, {night});
}

TEST_CASE("prune: a pack with a damaged chunk that is needed stays, and is named", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend);
    fakes::MemoryImage disk = some_disk(10, 40);
    const Night first = back_up(host, disk, "d", 1);
    std::mt19937_64 random(11);
    disk.write_random(random, 0, 25 * chunk_bytes);
    const Night second = back_up(host, disk, "d", 2);
    test::forget(host, {first.record.id});
    const ListedPack pack = host.catalog->packs().front();
    REQUIRE(pack.facts.kind == PackKind::data);
    const std::string name = "packs/" + pack.facts.id.hex().substr(0, 2) + "/" + pack.facts.id.hex();
    Bytes bytes = backend.get(name, {1u << 30}).value();
    const Frame& frame = host.catalog->slots(pack.facts.id)->frames.back();  // chunks 36 to 39: still in use
    bytes[frame.offset + frame.header_bytes + 10] ^= std::byte{1};
    backend.replace(name, bytes);

    const PruneReport report = test::prune_now(host);
    REQUIRE(report.kept.size() == 1);
    REQUIRE(report.kept.front().id == pack.facts.id);
    REQUIRE(report.damaged.size() == 1);
    REQUIRE(backend.size(name).has_value());
    host.damage.slots = report.damaged;
    const PruneReport next = test::prune_now(host);
    REQUIRE(next.kept.size() == 1);
    host.damage = {};
    TestRepository fresh(backend);
    fakes::MemoryTarget target(disk.bytes().size());
    REQUIRE_THROWS(restore(fresh.repository, second.record, target, fresh.progress, {}));
    bytes[frame.offset + frame.header_bytes + 10] ^= std::byte{1};
    backend.replace(name, bytes);
    test::require_nights_on_a_fresh_host(backend, {second});
    REQUIRE(test::prune_now(host).kept.empty());
    test::require_nights_on_a_fresh_host(backend, {second});
}

TEST_CASE("prune: with a map page that cannot be read, nothing is removed", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const Night gone = back_up(host, some_disk(12), "a", 1);
    const Night kept = back_up(host, some_disk(13), "b", 1);
    test::forget(host, {gone.record.id});
    const PackId pack = kept.record.map.pack;
    const std::string name = "packs/" + pack.hex().substr(0, 2) + "/" + pack.hex();
    backend.remove(name);
    const auto names = backend.list("", "");
    REQUIRE_THROWS_WITH(test::prune_now(host), ContainsSubstring("nothing was removed"));
    REQUIRE(backend.list("", "") == names);
}

TEST_CASE("prune: condemned packs that an interrupted prune left are removed by the next one", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const Night gone = back_up(host, some_disk(14), "a", 1);
    const Night kept = back_up(host, some_disk(15), "b", 1);
    test::forget(host, {gone.record.id});
    std::map<std::string, Bytes> packs;
    for (const std::string& name : backend.list("packs/", "")) packs[name] = backend.get(name, {1u << 30}).value();
    const PruneReport report = test::prune_now(host);
    for (const auto& [name, bytes] : packs) backend.put_if_absent(name, bytes);
    const PruneReport next = test::prune_now(host);
    REQUIRE_FALSE(next.entry);
    REQUIRE(next.removed.count == report.removed.count);
    REQUIRE(test::is_without_garbage(host));
    test::require_nights_on_a_fresh_host(backend, {kept});
}

TEST_CASE("prune: a limit of bytes or of time leaves the rest for the next one", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend, small_packs());
    fakes::MemoryImage disk = some_disk(16, 40);
    const Night first = back_up(host, disk, "d", 1);
    std::mt19937_64 random(17);
    for (std::uint64_t chunk = 0; chunk < 40; chunk += 2) disk.write_random(random, chunk * chunk_bytes, chunk_bytes);
    const Night second = back_up(host, disk, "d", 2);
    test::forget(host, {first.record.id});
    const ByteCount all = preview_prune(host.repository, small_request(), host.progress, {}).plan.bytes_to_copy();
    PruneRequest limited = small_request();
    limited.limits.copy_max = {all.value / 2};
    REQUIRE(preview_prune(host.repository, limited, host.progress, {}).plan.bytes_to_copy() <=
            *limited.limits.copy_max);
    test::prune_now(host, limited);
    test::require_nights_on_a_fresh_host(backend, {second});
    PruneRequest late = small_request();
    late.deadline = std::chrono::steady_clock::now();
    REQUIRE(test::prune_now(host, late).postponed > 0);
    test::require_nights_on_a_fresh_host(backend, {second});
    test::prune_now(host, small_request());
    test::require_nights_on_a_fresh_host(backend, {second});
    REQUIRE_FALSE(test::prune_now(host, small_request()).entry);
}

namespace {

/// The metadata packs in use that hold move tables.
std::set<PackId> packs_with_move_tables(const Catalog& catalog) {
    std::set<PackId> found;
    for (const ListedPack& pack : catalog.packs()) {
        if (pack.state != PackState::committed || pack.facts.kind != PackKind::metadata) continue;
        for (const Slot& slot : catalog.slots(pack.facts.id)->slots)
            if (slot.kind == SlotKind::move_table) found.insert(pack.facts.id);
    }
    return found;
}

}  // namespace

TEST_CASE("prune: what moved is found although the tables that recorded it are gone", "[prune]") {
    MemoryBackend backend;
    TestRepository host(backend);
    std::vector<Night> nights;
    std::size_t tables_condemned = 0;
    fakes::MemoryImage disk = some_disk(18, 6);
    std::mt19937_64 random(19);
    for (int night = 0; night < 16; ++night) {
        nights.push_back(back_up(host, disk, "d", night));
        disk.write_random(random, random() % 5 * chunk_bytes, chunk_bytes);
        if (night % 3 == 2) {
            test::forget(host, {nights[nights.size() - 2].record.id});
            nights.erase(nights.end() - 2);
        }
        std::set<PackId> before = packs_with_move_tables(*host.catalog);
        test::prune_now(host);
        for (const PackId& pack : packs_with_move_tables(*host.catalog)) before.erase(pack);
        tables_condemned += before.size();
        TestRepository fresh(backend);  // cannot read the tables of condemned packs
        REQUIRE(fresh.snapshots().size() == nights.size());
        test::require_restored(fresh, nights);
    }
    REQUIRE(tables_condemned >= 2);
    test::require_nights(host, nights);
}

namespace {

/// Backups of changing disks, forgets and prunes by two hosts, at random.
class RandomHistory {
public:
    explicit RandomHistory(std::uint64_t seed) : random_(seed) {
        for (const char* name : {"a", "b"}) disks_.emplace(name, some_disk(seed * 10 + disks_.size(), 12));
        disks_.emplace("c", disks_.at("a"));  // a clone
    }

    void step() {
        TestRepository& host = pick_host();
        switch (random_() % 8) {
            case 0:
                return forget_some(host);
            case 1:
            case 2:
                return prune(host);
            default:
                return back_up_one(host);
        }
    }

    /// A prune without limits, and what must hold after it.
    void finish() {
        test::prune_now(pick_host(), small_request());
        check();
        const ByteCount bytes = test::bytes_of_packs(hosts_[0].chunks);
        const ByteCount ideal = bytes_without_history(nights_);
        INFO(bytes.value << " bytes, without history " << ideal.value);
        REQUIRE(bytes.value <= ideal.value * 3 / 2 + 65536);
    }

private:
    TestRepository& pick_host() {
        TestRepository& host = hosts_[random_() % 2];
        catch_up(host.repository, host.progress);
        return host;
    }

    void back_up_one(TestRepository& host) {
        auto disk = std::next(disks_.begin(), static_cast<std::ptrdiff_t>(random_() % disks_.size()));
        for (std::uint64_t i = 0, changes = random_() % 4; i < changes; ++i) {
            const std::uint64_t chunk = random_() % 20 + (random_() % 4 == 0 ? 250 : 0);  // in two leaves
            if (random_() % 4 == 0)
                disk->second.clear(chunk * chunk_bytes, chunk_bytes, ExtentKind::zero);
            else
                disk->second.write_random(random_, chunk * chunk_bytes, (1 + random_() % 3) * chunk_bytes);
        }
        nights_.push_back(back_up(host, disk->second, disk->first, ++time_));
    }

    void forget_some(TestRepository& host) {
        std::vector<SnapshotId> ids;
        for (std::uint64_t i = 0, count = 1 + random_() % 4; i < count && !nights_.empty(); ++i) {
            const auto night = nights_.begin() + static_cast<std::ptrdiff_t>(random_() % nights_.size());
            ids.push_back(night->record.id);
            nights_.erase(night);
        }
        if (!ids.empty()) test::forget(host, ids);
    }

    void prune(TestRepository& host) {
        PruneRequest request = small_request();
        if (random_() % 3 == 0) request.limits.copy_max = kib(random_() % 512);
        if (random_() % 5 == 0) request.deadline = std::chrono::steady_clock::now();
        test::prune_now(host, request);
        check();
    }

    void check() {
        for (TestRepository& host : hosts_) test::require_restored(host, nights_);
        REQUIRE(test::is_without_garbage(hosts_[0]));
        test::require_nights_on_a_fresh_host(backend_, nights_);
    }

    std::mt19937_64 random_;
    MemoryBackend backend_;
    TestRepository hosts_[2]{TestRepository(backend_, small_packs()), TestRepository(backend_, small_packs())};
    std::map<std::string, fakes::MemoryImage> disks_;
    std::vector<Night> nights_;
    TimeNs time_ = 0;
};

}  // namespace

TEST_CASE("prune: after any history of backups, forgets and prunes by two hosts, every live night is whole",
          "[prune]") {
    for (std::uint64_t seed = 1; seed <= test_rounds(4u); ++seed) {
        INFO("seed " << seed);
        RandomHistory history(seed);
        for (int i = 0; i < 25; ++i) history.step();
        history.finish();
    }
}
