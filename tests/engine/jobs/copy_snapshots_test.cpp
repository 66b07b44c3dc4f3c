#include "engine/jobs/copy_snapshots.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "engine/backup/copied_snapshot.h"
#include "engine/jobs/tag.h"
#include "engine/naming/group_point.h"
#include "engine/naming/snapshot_name.h"
#include "engine/repository/attachment.h"
#include "engine/repository/snapshot_reader.h"
#include "tests/catch.h"
#include "tests/fakes/eventful_backend.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/packs_of.h"
#include "tests/support/prune_by_hand.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

CopyReport copy_all(TestRepository& from, TestRepository& to) {
    from.snapshots();
    to.snapshots();
    return copy_snapshots(from.repository, to.repository, from.catalog->snapshots(), to.progress, {});
}

std::size_t count_of(const CopyReport& report, CopyOutcome outcome) {
    return static_cast<std::size_t>(std::ranges::count(report.snapshots, outcome, &SnapshotCopy::outcome));
}

fakes::MemoryImage random_disk(std::uint64_t seed, std::size_t data = 1000000, std::uint64_t size = 3000000) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(size);
    disk.write_random(random, 0, data);
    return disk;
}

std::vector<SnapshotRecord> back_up_group(TestRepository& host, const std::string& group,
                                          const std::map<std::string, const ImageReader*>& disks, TimeNs time,
                                          const std::vector<FileToAttach>& files = {}) {
    BackupGroup all{group, {}, files};
    for (const auto& [name, image] : disks) {
        DiskToBackUp disk;
        disk.source = image;
        disk.request.disk = name;
        disk.request.time = time;
        disk.request.source.format = "raw";
        all.disks.push_back(std::move(disk));
    }
    catch_up(host.repository, host.progress);
    return backup(host.repository, all, host.progress, {});
}

Bytes bytes_of_text(std::string_view text) {
    const ByteView view = std::as_bytes(std::span(text));
    return {view.begin(), view.end()};
}

SnapshotRecord record_in(TestRepository& host, const SnapshotId& id) {
    for (const SnapshotRecord& record : host.snapshots())
        if (record.id == id) return record;
    FAIL("snapshot " + id.hex() + " is not there");
    return {};
}

/// Kinds of all bytes.
std::vector<std::pair<std::uint64_t, ExtentKind>> kinds_of(TestRepository& host, const SnapshotRecord& record) {
    const SnapshotReader reader(host.chunks, record);
    std::vector<std::pair<std::uint64_t, ExtentKind>> kinds;
    for (ByteOffset at; at.value < record.size.value;) {
        const Extent extent = reader.extent_at(at);
        at = extent.end();
        if (!kinds.empty() && kinds.back().second == extent.kind)
            kinds.back().first = at.value;
        else
            kinds.emplace_back(at.value, extent.kind);
    }
    return kinds;
}

void require_same_attachments(TestRepository& from, TestRepository& to, const SnapshotRecord& a,
                              const SnapshotRecord& b) {
    REQUIRE(a.attachments.size() == b.attachments.size());
    for (std::size_t i = 0; i < a.attachments.size(); ++i) {
        REQUIRE(a.attachments[i].name == b.attachments[i].name);
        REQUIRE(read_attachment(from.chunks, a.attachments[i]) == read_attachment(to.chunks, b.attachments[i]));
    }
}

/// Comparing vectors of std::byte is slow in a debug build.
void require_equal_bytes(const Bytes& a, const Bytes& b) {
    REQUIRE(a.size() == b.size());
    REQUIRE(std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// The copy of `original` is the same in all that does not depend on the repository.
void require_copy(TestRepository& from, TestRepository& to, const SnapshotRecord& original) {
    const SnapshotRecord copy = record_in(to, original.id);
    REQUIRE(copy.disk == original.disk);
    REQUIRE(copy.time == original.time);
    REQUIRE(copy.size == original.size);
    REQUIRE(copy.root == original.root);
    REQUIRE(copy.group == original.group);
    REQUIRE(copy.source == original.source);
    REQUIRE(copy.unreadable == original.unreadable);
    REQUIRE(copy.change_detection == original.change_detection);
    REQUIRE(copy.change_token.empty());
    REQUIRE(copy.statistics.bytes_scanned == original.statistics.bytes_scanned);
    for (const auto& [name, value] : original.tags) REQUIRE(copy.tags.at(name) == value);
    require_same_attachments(from, to, original, copy);
    REQUIRE(kinds_of(to, copy) == kinds_of(from, original));
    require_equal_bytes(to.restored_bytes(copy), from.restored_bytes(original));
}

void require_copies_of_all(TestRepository& from, TestRepository& to) {
    for (const SnapshotRecord& original : from.snapshots()) require_copy(from, to, original);
}

/// Source and target, and what both hold, as hosts of their own see it.
struct TwoRepositories {
    MemoryBackend source;
    MemoryBackend target;
    TestRepository from{source};
    TestRepository to{target};
};

void require_whole(TestRepository& host) {
    const VerifyReport report = host.verify();
    for (const Finding& finding : report.findings) UNSCOPED_INFO(finding.message);
    REQUIRE(report.findings.empty());
}

void require_whole(Backend& backend) {
    TestRepository fresh(backend);
    require_whole(fresh);
}

/// Makes `id` a snapshot of `image`, as no correct program would.
class ForgedSnapshot final : public CopiedSnapshot {
public:
    explicit ForgedSnapshot(SnapshotRecord record) : record_(std::move(record)) {}
    const SnapshotRecord& record() const override { return record_; }
    BackupParent choose_parent(const Catalog&) const override { return {}; }

private:
    SnapshotRecord record_;
};

void enter_under_id(TestRepository& host, const ImageReader& image, const std::string& disk, const SnapshotId& id) {
    SnapshotRecord record = host.backup(image, disk, 1);
    record.id = id;
    const ForgedSnapshot forged(record);
    BackupRequest request;
    request.disk = disk;
    request.copy_of = &forged;
    backup(host.repository, image, request, host.progress, {});
}

/// Packs that `work` adds, the largest first.
template <typename Work>
std::vector<std::string> packs_added(const Backend& backend, const Work& work) {
    const auto before = backend.list("packs/", {});
    work();
    std::vector<std::string> added;
    for (const std::string& name : backend.list("packs/", {}))
        if (!std::ranges::count(before, name)) added.push_back(name);
    std::ranges::sort(added, [&](const std::string& a, const std::string& b) {
        return backend.size(a)->value > backend.size(b)->value;
    });
    return added;
}

Bytes content_of(const Backend& backend, const std::string& name) {
    return backend.get(name, *backend.size(name)).value();
}

void flip_middle(MemoryBackend& backend, const std::string& name) {
    Bytes bytes = content_of(backend, name);
    bytes[bytes.size() / 2] ^= std::byte{0x10};
    backend.replace(name, bytes);
}

std::string warnings_of(const TestRepository& host) {
    std::string all;
    for (const std::string& warning : host.progress.warnings) all += warning + "\n";
    return all;
}

/// What happens to two repositories over some weeks.
class RandomHistory {
public:
    explicit RandomHistory(std::uint64_t seed) : random_(seed) {
        for (const char* name : {"web01/vda", "web01/vdb", "db/sda"}) disks_.emplace(name, random_disk(random_()));
    }

    void step(TwoRepositories& both) {
        switch (random_() % 10) {
            case 0:
            case 1:
            case 2:
            case 3:
                return back_up_one(both.from);
            case 4:
            case 5:
                return back_up_machine(both.from);
            case 6:
                return tag_one(both.from);
            case 7:
                return forget_one(both.source, both.from);
            case 8:
                return forget_one(both.target, both.to);
            default:
                test::PruneByHand(random_() % 2 == 0 ? both.source : both.target).run();
        }
    }

private:
    void change(fakes::MemoryImage& disk) {
        const std::uint64_t size = disk.bytes().size();
        for (int i = 0; i < 3; ++i) disk.write_random(random_, random_() % (size - 9000), 8192);
        const ExtentKind kind = random_() % 2 == 0 ? ExtentKind::zero : ExtentKind::unallocated;
        disk.clear(random_() % (size / chunk_bytes) * chunk_bytes, 8192, kind);
        disk.clear(random_() % (size / chunk_bytes / 2) * chunk_bytes, 2 * chunk_bytes, kind);
        if (random_() % 4 == 0) disk.resize(size + random_() % 200000 - 100000);
        if (random_() % 16 == 0) disk.resize(17000000);  // a second leaf
    }

    void back_up_one(TestRepository& host) {
        auto disk = std::next(disks_.begin(), static_cast<std::ptrdiff_t>(random_() % disks_.size()));
        change(disk->second);
        host.backup(disk->second, disk->first, ++time_);
    }

    void back_up_machine(TestRepository& host) {
        change(disks_.at("web01/vda"));
        const std::vector<FileToAttach> files{{"web01.xml", bytes_of_text(std::to_string(random_() % 3))}};
        back_up_group(host, "web01", {{"web01/vda", &disks_.at("web01/vda")}, {"web01/vdb", &disks_.at("web01/vdb")}},
                      ++time_, files);
    }

    void tag_one(TestRepository& host) {
        const auto all = host.snapshots();
        if (all.empty()) return;
        const std::vector<SnapshotId> one{all[random_() % all.size()].id};
        edit_tags(host.repository, one, {{{"t" + std::to_string(random_() % 3), std::to_string(random_() % 9)}}, {}},
                  host.progress);
    }

    void forget_one(MemoryBackend& backend, TestRepository& host) {
        const auto all = host.snapshots();
        if (!all.empty()) test::PruneByHand(backend).forget(all[random_() % all.size()]);
    }

    std::mt19937_64 random_;
    std::map<std::string, fakes::MemoryImage> disks_;
    TimeNs time_ = 0;
};

}  // namespace

TEST_CASE("copy: after any history both repositories restore every snapshot under the same id", "[engine][copy]") {
    const std::uint64_t seeds = test_rounds<std::uint64_t>(4);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        TwoRepositories both;
        RandomHistory history(seed);
        for (int round = 0; round < 4; ++round) {
            CAPTURE(round);
            for (int step = 0; step < 5; ++step) history.step(both);
            const CopyReport report = copy_all(both.from, both.to);
            for (const SnapshotCopy& row : report.snapshots) {
                REQUIRE_FALSE(row.error.has_value());
                if (row.outcome == CopyOutcome::copied) require_copy(both.from, both.to, row.original.record);
            }
            require_whole(both.target);
            const auto objects = both.target.list("", {});
            const CopyReport again = copy_all(both.from, both.to);
            REQUIRE(count_of(again, CopyOutcome::present) == again.snapshots.size());
            REQUIRE(both.target.list("", {}) == objects);
        }
        require_copies_of_all(both.from, both.to);
    }
}

TEST_CASE("copy: names by age and group mean the same in both repositories", "[engine][copy]") {
    TwoRepositories both;
    fakes::MemoryImage a = random_disk(1);
    fakes::MemoryImage b = random_disk(2);
    std::mt19937_64 random(3);
    const std::vector<FileToAttach> files{{"web01.xml", bytes_of_text("<domain/>")}};
    for (TimeNs night = 1; night <= 3; ++night) {
        a.write_random(random, random() % 900000, 5000);
        back_up_group(both.from, "web01", {{"web01/vda", &a}, {"web01/vdb", &b}}, night * ns_per_second, files);
        copy_all(both.from, both.to);
    }
    for (const char* name : {"web01/vda@latest", "web01/vda@~1", "web01/vdb@~2"})
        REQUIRE(find_snapshot(*both.to.catalog, name).record.id == find_snapshot(*both.from.catalog, name).record.id);
    for (const char* name : {"web01@latest", "web01@~1", "web01@~2"}) {
        const GroupPoint there = find_group_point(*both.from.catalog, name);
        const GroupPoint here = find_group_point(*both.to.catalog, name);
        REQUIRE(here.members.size() == 2);
        for (std::size_t i = 0; i < 2; ++i) REQUIRE(here.members[i].record.id == there.members[i].record.id);
    }
    REQUIRE(both.target.list("log/", {}).size() == 3);
    require_copies_of_all(both.from, both.to);
    REQUIRE(both.to.progress.warnings.empty());
}

TEST_CASE("copy: the parent is the copy of the original's parent, and statistics count what is stored here",
          "[engine][copy]") {
    TwoRepositories both;
    fakes::MemoryImage disk = random_disk(1);
    std::mt19937_64 random(2);
    const SnapshotRecord first = both.from.backup(disk, "d", 1);
    disk.write_random(random, 200000, 100);
    const SnapshotRecord second = both.from.backup(disk, "d", 2);
    copy_all(both.from, both.to);
    REQUIRE(record_in(both.to, first.id).parent.is_none());
    const SnapshotRecord copy = record_in(both.to, second.id);
    REQUIRE(copy.parent == first.id);
    REQUIRE(copy.statistics.bytes_changed == second.statistics.bytes_changed);
    REQUIRE(copy.statistics.chunks_new == 1);
    REQUIRE(copy.statistics.duration_ns == second.statistics.duration_ns);
    REQUIRE(test::chunks_stored_twice(both.to.chunks) == 0);
}

TEST_CASE("copy: a change token stays in its repository", "[engine][copy]") {
    TwoRepositories both;
    const fakes::MemoryImage disk = random_disk(1);
    BackupRequest request;
    request.disk = "d";
    request.change_token = bytes_of_text("dm-thin 7");
    const SnapshotRecord original = backup(both.from.repository, disk, request, both.from.progress, {});
    REQUIRE_FALSE(original.change_token.empty());
    copy_all(both.from, both.to);
    REQUIRE(record_in(both.to, original.id).change_token.empty());
    require_copy(both.from, both.to, original);
}

TEST_CASE("copy: its cost follows the change, with or without a snapshot that both repositories have",
          "[engine][copy]") {
    const bool is_base_forgotten = GENERATE(false, true);
    CAPTURE(is_base_forgotten);
    TwoRepositories both;
    fakes::MemoryImage disk = random_disk(1, 24000000, 30000000);
    const SnapshotRecord first = both.from.backup(disk, "d", 1);
    copy_all(both.from, both.to);
    std::mt19937_64 random(2);
    disk.write_random(random, 7000000, 100);
    const SnapshotRecord second = both.from.backup(disk, "d", 2);
    if (is_base_forgotten) test::PruneByHand(both.source).forget(first);
    FaultBackend counted(both.source);
    TestRepository cold(counted);
    cold.snapshots();
    const std::vector<ListedSnapshot> wanted{find_snapshot(*cold.catalog, second.id.hex())};
    counted.heal();
    const CopyReport report = copy_snapshots(cold.repository, both.to.repository, wanted, both.to.progress, {});
    REQUIRE(count_of(report, CopyOutcome::copied) == 1);
    REQUIRE(report.snapshots[0].statistics.chunks_new == 1);
    REQUIRE(report.snapshots[0].statistics.bytes_changed == chunk_bytes);
    // 367 chunks are in some 90 frames; without a common snapshot one leaf (256 chunks) is read.
    REQUIRE(counted.operations() < (is_base_forgotten ? 110u : 20u));
    require_copy(both.from, both.to, second);
}

TEST_CASE("copy: what is selected is copied, and a later copy of the rest warns about the order", "[engine][copy]") {
    TwoRepositories both;
    fakes::MemoryImage disk = random_disk(1);
    std::mt19937_64 random(2);
    for (TimeNs night = 1; night <= 3; ++night) {
        disk.write_random(random, random() % 900000, 5000);
        both.from.backup(disk, "d", night);
    }
    const std::vector<ListedSnapshot> all = both.from.catalog->snapshots();
    copy_snapshots(both.from.repository, both.to.repository, {all[2]}, both.to.progress, {});
    REQUIRE(both.to.snapshots().size() == 1);
    REQUIRE(both.to.progress.warnings.empty());
    REQUIRE(count_of(copy_all(both.from, both.to), CopyOutcome::copied) == 2);
    REQUIRE_THAT(warnings_of(both.to), ContainsSubstring("later snapshots of disk 'd'"));
    REQUIRE(both.to.progress.warnings.size() == 1);
    require_copies_of_all(both.from, both.to);
}

TEST_CASE("copy: tags that were added or changed follow, and those of the copy alone stay", "[engine][copy]") {
    TwoRepositories both;
    const SnapshotRecord original = both.from.backup(random_disk(1), "d", 1);
    const std::vector<SnapshotId> one{original.id};
    edit_tags(both.from.repository, one, {{{"a", "1"}, {"b", "1"}}, {}}, both.from.progress);
    copy_all(both.from, both.to);
    edit_tags(both.to.repository, one, {{{"own", "here"}}, {}}, both.to.progress);
    edit_tags(both.from.repository, one, {{{"a", "2"}, {"c", "3"}}, {"b"}}, both.from.progress);
    REQUIRE(count_of(copy_all(both.from, both.to), CopyOutcome::tagged) == 1);
    REQUIRE(record_in(both.to, original.id).tags ==
            std::map<std::string, std::string>{{"a", "2"}, {"b", "1"}, {"c", "3"}, {"own", "here"}});
    const auto objects = both.target.list("", {});
    REQUIRE(count_of(copy_all(both.from, both.to), CopyOutcome::present) == 1);
    REQUIRE(both.target.list("", {}) == objects);
}

TEST_CASE("copy: two sources share one target, and what both have is stored once", "[engine][copy]") {
    MemoryBackend first;
    MemoryBackend second;
    MemoryBackend target;
    TestRepository a(first);
    TestRepository b(second);
    TestRepository to(target);
    fakes::MemoryImage disk = random_disk(1);
    std::mt19937_64 random(2);
    for (TimeNs night = 1; night <= 3; ++night) {
        disk.write_random(random, random() % 900000, 5000);
        a.backup(disk, "d", night);
        disk.write_random(random, random() % 900000, 5000);
        b.backup(disk, "d", night);
        REQUIRE(count_of(copy_all(a, to), CopyOutcome::copied) == 1);
        REQUIRE(count_of(copy_all(b, to), CopyOutcome::copied) == 1);
    }
    require_copies_of_all(a, to);
    require_copies_of_all(b, to);
    REQUIRE(to.snapshots().size() == 6);
    REQUIRE(test::chunks_stored_twice(to.chunks) == 0);
    require_whole(target);
}

TEST_CASE("copy: another snapshot of the same id in the target is refused, and nothing is written", "[engine][copy]") {
    TwoRepositories both;
    both.from.backup(random_disk(1), "other", 1);
    const SnapshotRecord original = both.from.backup(random_disk(2), "d", 1);
    enter_under_id(both.to, random_disk(3), "d", original.id);
    const auto objects = both.target.list("", {});
    REQUIRE_THROWS_WITH(copy_all(both.from, both.to), ContainsSubstring("another snapshot " + original.id.hex()));
    REQUIRE(both.target.list("", {}) == objects);
}

TEST_CASE("copy: a repository is not copied to itself", "[engine][copy]") {
    MemoryBackend backend;
    TestRepository host(backend);
    TestRepository other(backend);
    host.backup(random_disk(1), "d", 1);
    REQUIRE_THROWS_WITH(copy_all(host, other), ContainsSubstring("both locations hold the repository"));
}

TEST_CASE("copy: what only the target forgot is copied again", "[engine][copy]") {
    TwoRepositories both;
    const SnapshotRecord original = both.from.backup(random_disk(1), "d", 1);
    copy_all(both.from, both.to);
    test::PruneByHand(both.target).forget(original);
    test::PruneByHand(both.target).run();
    REQUIRE(count_of(copy_all(both.from, both.to), CopyOutcome::copied) == 1);
    require_copies_of_all(both.from, both.to);
    require_whole(both.target);
}

TEST_CASE("copy: a damaged chunk costs the snapshots that need it, which are copied once it is healed",
          "[engine][copy]") {
    TwoRepositories both;
    fakes::MemoryImage disk = random_disk(1);
    std::mt19937_64 random(2);
    const SnapshotRecord first = both.from.backup(disk, "d", 1);
    SnapshotRecord second;
    disk.write_random(random, 100000, 200000);
    const std::string pack = packs_added(both.source, [&] { second = both.from.backup(disk, "d", 2); }).front();
    disk.write_random(random, 65536, 300000);
    const SnapshotRecord third = both.from.backup(disk, "d", 3);
    const SnapshotRecord other = both.from.backup(random_disk(5), "e", 3);
    const Bytes whole = content_of(both.source, pack);
    flip_middle(both.source, pack);

    TestRepository cold(both.source);
    const CopyReport report = copy_all(cold, both.to);
    REQUIRE(count_of(report, CopyOutcome::copied) == 3);
    REQUIRE(report.snapshots[1].outcome == CopyOutcome::failed);
    REQUIRE(report.snapshots[1].error->code() == ErrorCode::corrupt);
    REQUIRE_THAT(report.snapshots[1].error->what(),
                 ContainsSubstring("cannot copy snapshot " + short_id(second.id) + " of disk 'd'"));
    REQUIRE(both.to.snapshots().size() == 3);
    REQUIRE(record_in(both.to, third.id).parent == first.id);
    for (const SnapshotRecord& record : {first, third, other})
        REQUIRE(both.to.restored_bytes(record_in(both.to, record.id)) == both.from.restored_bytes(record));
    require_whole(both.target);

    both.source.replace(pack, whole);
    TestRepository healed(both.source);
    REQUIRE(count_of(copy_all(healed, both.to), CopyOutcome::copied) == 1);
    require_copies_of_all(healed, both.to);
}

TEST_CASE("copy: the disks of a group fail together", "[engine][copy]") {
    TwoRepositories both;
    const fakes::MemoryImage a = random_disk(1);
    const fakes::MemoryImage b = random_disk(2);
    back_up_group(both.from, "vm", {{"vm/a", &a}}, 1);
    const std::string pack = packs_added(both.source, [&] {
                                 back_up_group(both.from, "vm", {{"vm/a", &a}, {"vm/b", &b}}, 2);
                             }).front();
    both.from.backup(a, "c", 3);
    flip_middle(both.source, pack);
    TestRepository cold(both.source);
    const CopyReport report = copy_all(cold, both.to);
    REQUIRE(count_of(report, CopyOutcome::copied) == 2);
    REQUIRE(count_of(report, CopyOutcome::failed) == 2);
    REQUIRE_THAT(report.snapshots[1].error->what(), ContainsSubstring("disk 'vm/b'"));
    REQUIRE(both.target.list("log/", {}).size() == 2);
    require_whole(both.target);
}

TEST_CASE("copy: a lost map page of the common snapshot costs reading, not the copy", "[engine][copy]") {
    TwoRepositories both;
    fakes::MemoryImage disk = random_disk(1);
    const SnapshotRecord first = both.from.backup(disk, "d", 1);
    copy_all(both.from, both.to);
    std::mt19937_64 random(2);
    disk.write_random(random, 100, 100);
    const SnapshotRecord second = both.from.backup(disk, "d", 2);
    TestRepository cold(both.source);
    cold.snapshots();
    both.source.remove("packs/" + first.map.pack.hex().substr(0, 2) + "/" + first.map.pack.hex());
    const std::vector<ListedSnapshot> wanted{find_snapshot(*cold.catalog, second.id.hex())};
    const CopyReport report = copy_snapshots(cold.repository, both.to.repository, wanted, both.to.progress, {});
    REQUIRE(count_of(report, CopyOutcome::copied) == 1);
    REQUIRE(report.snapshots[0].statistics.chunks_new == 1);
    REQUIRE(both.to.restored_bytes(record_in(both.to, second.id)) == disk.bytes());
}

TEST_CASE("copy: a record whose root is not that of its content is not copied", "[engine][copy]") {
    TwoRepositories both;
    const SnapshotRecord honest = both.from.backup(random_disk(1), "d", 1);
    std::vector<ListedSnapshot> wanted = both.from.catalog->snapshots();
    wanted[0].record.root = sha256(bytes_of_text("another disk"));
    const CopyReport report = copy_snapshots(both.from.repository, both.to.repository, wanted, both.to.progress, {});
    REQUIRE(report.snapshots[0].outcome == CopyOutcome::failed);
    REQUIRE_THAT(report.snapshots[0].error->what(), ContainsSubstring("the content read has the root"));
    REQUIRE(both.to.snapshots().empty());
}

TEST_CASE("copy: a name that no backup accepts is refused, and the others are copied", "[engine][copy]") {
    TwoRepositories both;
    const fakes::MemoryImage disk = random_disk(1, 70000, 70000);
    for (const char* name : {"../up", "web\n01", "", "a@latest"}) both.from.backup(disk, name, 1);
    back_up_group(both.from, "..", {{"web02/vda", &disk}}, 1);
    const SnapshotRecord honest = both.from.backup(disk, "web01/vda", 1);
    const CopyReport report = copy_all(both.from, both.to);
    REQUIRE(report.snapshots.size() == 6);
    for (const SnapshotCopy& row : report.snapshots) {
        CAPTURE(row.original.record.disk);
        REQUIRE(row.error.has_value() == (row.original.record.id != honest.id));
        if (row.error) REQUIRE(row.error->code() == ErrorCode::refused);
    }
    REQUIRE_THAT(report.snapshots[0].error->what(), ContainsSubstring("the disk name '../up' has '..' as a part"));
    REQUIRE_THAT(report.snapshots[4].error->what(), ContainsSubstring("the group name '..' has '..' as a part"));
    REQUIRE(both.to.snapshots().size() == 1);
    require_copy(both.from, both.to, honest);
}

namespace {

/// How many operations of the target copying so many nights of a disk takes.
std::uint64_t operations_to_copy(int nights) {
    MemoryBackend source;
    TestRepository from(source);
    fakes::MemoryImage disk = random_disk(1, 70000, 70000);
    std::mt19937_64 random(2);
    for (int night = 1; night <= nights; ++night) {
        disk.write_random(random, 100, 100);
        from.backup(disk, "d", night);
    }
    MemoryBackend target;
    FaultBackend counted(target);
    TestRepository to(counted);
    to.snapshots();
    counted.heal();
    REQUIRE(copy_all(from, to).snapshots.size() == static_cast<std::size_t>(nights));
    return counted.operations();
}

}  // namespace

TEST_CASE("copy: what a commit costs does not grow with those before it", "[engine][copy]") {
    const std::uint64_t early = operations_to_copy(16) - operations_to_copy(8);
    const std::uint64_t late = operations_to_copy(32) - operations_to_copy(24);
    REQUIRE(late <= early * 5 / 4);
}

TEST_CASE("copy: a stop leaves whole commits, and the next copy goes on there", "[engine][copy]") {
    TwoRepositories both;
    fakes::MemoryImage disk = random_disk(1);
    std::mt19937_64 random(2);
    for (TimeNs night = 1; night <= 4; ++night) {
        disk.write_random(random, random() % 900000, 5000);
        both.from.backup(disk, "d", night);
    }
    std::stop_source stop;
    const CopyReport report =
        copy_snapshots(both.from.repository, both.to.repository, both.from.catalog->snapshots(), both.to.progress,
                       stop.get_token(), [&](const SnapshotRecord&, std::size_t number, std::size_t count) {
                           REQUIRE(count == 4);
                           if (number == 3) stop.request_stop();
                       });
    REQUIRE(report.is_stopped);
    REQUIRE(count_of(report, CopyOutcome::copied) == 2);
    REQUIRE(count_of(report, CopyOutcome::left) == 2);
    REQUIRE(both.to.snapshots().size() == 2);
    const CopyReport rest = copy_all(both.from, both.to);
    REQUIRE(count_of(rest, CopyOutcome::copied) == 2);
    REQUIRE(count_of(rest, CopyOutcome::present) == 2);
    REQUIRE(both.to.progress.warnings.empty());
    require_copies_of_all(both.from, both.to);
}

TEST_CASE("copy: a plan writes nothing and foretells the copy", "[engine][copy]") {
    TwoRepositories both;
    const SnapshotRecord first = both.from.backup(random_disk(1), "d", 1);
    copy_all(both.from, both.to);
    both.from.backup(random_disk(2), "d", 2);
    const std::vector<SnapshotId> one{first.id};
    edit_tags(both.from.repository, one, {{{"a", "1"}}, {}}, both.from.progress);
    const auto objects = both.target.list("", {});
    const CopyReport plan = plan_copy(both.from.repository, both.to.repository, both.from.catalog->snapshots());
    REQUIRE(both.target.list("", {}) == objects);
    REQUIRE(plan.snapshots[0].outcome == CopyOutcome::tagged);
    REQUIRE(plan.snapshots[1].outcome == CopyOutcome::copied);
    const CopyReport done = copy_all(both.from, both.to);
    for (std::size_t i = 0; i < 2; ++i) REQUIRE(done.snapshots[i].outcome == plan.snapshots[i].outcome);
}

namespace {

/// A night of a group, one of a disk, and a tag.
void make_source(TestRepository& from) {
    fakes::MemoryImage a = random_disk(1, 300000, 500000);
    const fakes::MemoryImage b = random_disk(2, 100000, 500000);
    const auto first = back_up_group(from, "vm", {{"vm/a", &a}, {"vm/b", &b}}, 1, {{"vm.xml", bytes_of_text("x")}});
    std::mt19937_64 random(3);
    a.write_random(random, 70000, 5000);
    from.backup(a, "vm/a", 2);
    const std::vector<SnapshotId> one{first[1].id};
    edit_tags(from.repository, one, {{{"hold", "1"}}, {}}, from.progress);
}

/// A copy that may fail as a whole; `report` has what it reported.
void try_copy(TestRepository& from, TestRepository& to, CopyReport& report) {
    try {
        report = copy_all(from, to);
    } catch (const Error& error) {
        REQUIRE((error.code() == ErrorCode::io || error.code() == ErrorCode::catalog_damaged));
    }
}

/// What was reported as copied is there; nothing half is; and the next copy, of another program, completes it.
void require_true_and_completed(const CopyReport& report, TestRepository& from, MemoryBackend& target) {
    TestRepository other(target);
    require_whole(other);
    for (const SnapshotCopy& row : report.snapshots)
        if (row.outcome == CopyOutcome::copied || row.outcome == CopyOutcome::present)
            require_copy(from, other, row.original.record);
    for (const SnapshotCopy& row : copy_all(from, other).snapshots) REQUIRE_FALSE(row.error.has_value());
    require_copies_of_all(from, other);
    REQUIRE(other.snapshots().size() == 3);
    require_whole(other);
}

}  // namespace

TEST_CASE("copy: whichever operation of the target fails, in whatever way, the next copy completes it",
          "[engine][copy]") {
    MemoryBackend source;
    TestRepository from(source);
    make_source(from);
    const FaultSpan span = GENERATE(FaultSpan::once, FaultSpan::from_then);
    const FaultEffect effect = GENERATE(FaultEffect::not_done, FaultEffect::reply_lost, FaultEffect::torn);
    for (std::uint64_t n = 1;; n += test_place_step) {
        CAPTURE(static_cast<int>(span), static_cast<int>(effect), n);
        MemoryBackend target;
        FaultBackend faulty(target, effect == FaultEffect::not_done ? FaultScope::all : FaultScope::writes);
        TestRepository to(faulty);
        to.snapshots();
        faulty.fail_at(n, effect, span);
        CopyReport report;
        try_copy(from, to, report);
        const bool met_fault = faulty.has_failed();
        faulty.heal();
        require_true_and_completed(report, from, target);
        if (met_fault) continue;
        REQUIRE(count_of(report, CopyOutcome::copied) == 3);
        REQUIRE(n > 5);
        break;
    }
}

TEST_CASE("copy: whichever operation of the source fails, the next copy completes it", "[engine][copy]") {
    MemoryBackend source;
    {
        TestRepository from(source);
        make_source(from);
    }
    TestRepository sound(source);
    sound.snapshots();
    const FaultSpan span = GENERATE(FaultSpan::once, FaultSpan::from_then);
    for (std::uint64_t n = 1;; n += test_place_step) {
        CAPTURE(static_cast<int>(span), n);
        FaultBackend faulty(source);
        TestRepository from(faulty);
        from.snapshots();
        MemoryBackend target;
        TestRepository to(target);
        faulty.fail_at(n, FaultEffect::not_done, span);
        CopyReport report;
        try_copy(from, to, report);
        const bool met_fault = faulty.has_failed();
        faulty.heal();
        require_true_and_completed(report, sound, target);
        if (met_fault) continue;
        REQUIRE(count_of(report, CopyOutcome::copied) == 3);
        REQUIRE(n > 5);
        break;
    }
}

TEST_CASE("copy: two programs copy the same at any moment, and each snapshot is entered once", "[engine][copy]") {
    MemoryBackend source;
    TestRepository from(source);
    make_source(from);
    TestRepository from_of_rival(source);
    for (std::uint64_t n = 1;; n += test_place_step) {
        CAPTURE(n);
        MemoryBackend target;
        EventfulBackend eventful(target);
        TestRepository to(eventful);
        TestRepository rival(target);
        to.snapshots();
        from.snapshots();
        const std::vector<ListedSnapshot> all = from.catalog->snapshots();
        eventful.at(n, [&] { copy_all(from_of_rival, rival); });
        const CopyReport report = copy_snapshots(from.repository, to.repository, all, to.progress, {});
        const bool has_happened = eventful.settle();
        for (const SnapshotCopy& row : report.snapshots) {
            if (row.error) UNSCOPED_INFO(row.error->what());
            REQUIRE((row.outcome == CopyOutcome::copied || row.outcome == CopyOutcome::present));
        }
        TestRepository fresh(target);
        REQUIRE(fresh.snapshots().size() == 3);
        require_copies_of_all(from, fresh);
        require_whole(fresh);
        if (!has_happened) break;
    }
}
