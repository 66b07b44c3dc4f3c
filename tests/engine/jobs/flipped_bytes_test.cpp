// Every byte of every file in a repository is looked at by check or verify, whether the host has a catalog or not. What
// check finds, verify finds too: it does the same and more.

#include <functional>
#include <string>
#include <vector>

#include "engine/jobs/tag.h"
#include "engine/prune/prune.h"
#include "store/pack/pack_names.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/new_program.h"
#include "tests/support/pruned_repository.h"

using namespace varve;
using test::TestRepository;
using test::verify_in_new_program;

namespace {

/// Each byte; under sanitizers, which make this many times as slow, a part.
constexpr std::size_t flip_step = is_sanitized ? 7 : 1;

/// 64 random bytes, repeated: few bytes once compressed.
void write_chunk(fakes::MemoryImage& disk, std::uint64_t chunk, std::mt19937_64& random) {
    Bytes bytes(chunk_bytes);
    for (std::size_t i = 0; i < 64; ++i) bytes[i] = static_cast<std::byte>(random());
    for (std::size_t i = 64; i < bytes.size(); ++i) bytes[i] = bytes[i - 64];
    disk.write(chunk * chunk_bytes, bytes);
}

/// Of some kilobytes, with everything that a backup or prune writes: chunks, maps, an attachment, entries of all kinds,
/// a move table, a checkpoint. (No backup writes patches yet; pack_check_test has them.)
struct SmallRepository {
    MemoryBackend backend;
    TestRepository host{backend};

    SmallRepository() {
        std::mt19937_64 random(1);
        fakes::MemoryImage disk(3 * chunk_bytes);
        for (std::uint64_t chunk = 0; chunk < 2; ++chunk) write_chunk(disk, chunk, random);
        const SnapshotRecord first = host.backup(disk, "a", 1);
        write_chunk(disk, 0, random);
        const std::vector<SnapshotId> second{back_up_with_attachment(disk)};
        test::forget(host, {first.id});
        PruneRequest request;
        request.checkpoint_every = 1;
        test::prune_now(host, request);
        edit_tags(host.repository, second, {{{"hold", ""}}, {}}, host.progress);
    }

    SnapshotId back_up_with_attachment(const ImageReader& disk) {
        BackupGroup group;
        group.disks.push_back({&disk, {}});
        group.disks.front().request.disk = "a";
        group.disks.front().request.time = 2;
        group.attachments = {{"a.xml", Bytes(40, std::byte{'x'})}};
        catch_up(host.repository, host.progress);
        return backup(host.repository, group, host.progress, {}).front().id;
    }

    std::size_t slots_of(SlotKind kind) const {
        std::size_t count = 0;
        for (const PackId& id : host.chunks.list_packs()) {
            const StoredPack pack = host.chunks.read_pack(id, PackCheck::trailer);
            for (const Slot& slot : pack.slots->slots) count += slot.kind == kind ? 1 : 0;
        }
        return count;
    }
};

/// Where an object holds guest data, which verify alone reads.
struct GuestData {
    std::size_t begin = 0;
    std::size_t end = 0;
    bool contains(std::size_t at) const { return at >= begin && at < end; }
};

GuestData guest_data_of(const std::string& object, const ChunkStore& chunks) {
    const auto id = pack_of_name(object);
    if (!id) return {};
    const StoredPack pack = chunks.read_pack(*id, PackCheck::trailer);
    if (pack.facts.kind == PackKind::metadata) return {};
    return {pack.slots->frames.front().offset, pack.slots->frames.back().end()};
}

std::vector<std::string> objects_of(const Backend& backend) {
    std::vector<std::string> objects = backend.list("", {});
    std::erase_if(objects, [](const std::string& name) { return name.starts_with("leases/"); });  // they mean nothing
    return objects;
}

/// Calls `use` with each byte of the repository flipped in turn, and with how deep one must look to find it.
void for_each_flip(SmallRepository& small, const std::function<void(VerifyDepth)>& use) {
    for (const std::string& object : objects_of(small.backend)) {
        const Bytes whole = *small.backend.get(object, mib(64));
        const GuestData data = guest_data_of(object, small.host.chunks);
        std::mt19937_64 random(whole.size());
        for (std::size_t at = 0; at < whole.size(); at += flip_step) {
            INFO(object << " byte " << at);
            Bytes flipped = whole;
            flipped[at] ^= static_cast<std::byte>(1 + random() % 255);
            small.backend.replace(object, std::move(flipped));
            use(data.contains(at) ? VerifyDepth::data : VerifyDepth::structure);
        }
        small.backend.replace(object, whole);
    }
}

}  // namespace

TEST_CASE("flipped bytes: the small repository holds everything that can be flipped", "[engine][verify]") {
    SmallRepository small;
    for (const SlotKind kind :
         {SlotKind::chunk, SlotKind::page, SlotKind::slot_table, SlotKind::move_table, SlotKind::attachment}) {
        CAPTURE(static_cast<int>(kind));
        CHECK(small.slots_of(kind) > 0);
    }
    const VerifyReport report = small.host.verify();
    CHECK(report.findings.empty());
    CHECK(report.checked_move_tables > 0);
    CHECK(report.checked_checkpoints == 1);
}

TEST_CASE("flipped bytes: with a catalog, verify reports those in guest data and check all others",
          "[engine][verify][check]") {
    SmallRepository small;
    Catalog* const catalog = small.host.catalog.get();
    for_each_flip(small, [&](VerifyDepth depth) {
        REQUIRE_FALSE(verify_in_new_program(small.backend, catalog, depth).findings.empty());
    });
    REQUIRE(verify_in_new_program(small.backend, catalog, VerifyDepth::data).findings.empty());
}

TEST_CASE("flipped bytes: without a catalog, verify reports those in guest data and check all others",
          "[engine][verify][check]") {
    SmallRepository small;
    for_each_flip(small, [&](VerifyDepth depth) {
        REQUIRE_FALSE(verify_in_new_program(small.backend, nullptr, depth).findings.empty());
    });
    REQUIRE(verify_in_new_program(small.backend, nullptr, VerifyDepth::data).findings.empty());
}
