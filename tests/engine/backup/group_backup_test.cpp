// Several disks in one commit, with attachments.

#include "engine/backup/attachment_deposit.h"
#include "engine/backup/backup.h"
#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/packs_of.h"
#include "tests/support/prune_by_hand.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

fakes::MemoryImage some_disk(std::uint64_t seed, std::size_t bytes = 3000000) {
    std::mt19937_64 random(seed);
    fakes::MemoryImage disk(bytes + 500000);
    disk.write_random(random, 0, bytes);
    return disk;
}

/// Runs a callback the first time it is read.
class Interrupted final : public ImageReader {
public:
    Interrupted(const ImageReader& image, std::function<void()> interruption)
        : image_(image), interruption_(std::move(interruption)) {}
    const ImageInfo& info() const override { return image_.info(); }
    Extent extent_at(ByteOffset at) const override { return image_.extent_at(at); }
    void read(ByteOffset at, ByteSpan out) const override {
        std::call_once(once_, interruption_);
        image_.read(at, out);
    }
    ByteCount bytes_read() const override { return image_.bytes_read(); }
    void check_unchanged() const override { image_.check_unchanged(); }
    std::vector<ByteRange> unreadable() const override { return image_.unreadable(); }
    std::vector<std::string> late_warnings() const override { return image_.late_warnings(); }

private:
    const ImageReader& image_;
    std::function<void()> interruption_;
    mutable std::once_flag once_;
};

/// Reports that another process wrote to it.
class Changed final : public ImageReader {
public:
    explicit Changed(const ImageReader& image) : image_(image) {}
    const ImageInfo& info() const override { return image_.info(); }
    Extent extent_at(ByteOffset at) const override { return image_.extent_at(at); }
    void read(ByteOffset at, ByteSpan out) const override { image_.read(at, out); }
    ByteCount bytes_read() const override { return image_.bytes_read(); }
    std::vector<ByteRange> unreadable() const override { return image_.unreadable(); }
    std::vector<std::string> late_warnings() const override { return image_.late_warnings(); }
    void check_unchanged() const override { throw Error(ErrorCode::refused, "another process wrote to it"); }

private:
    const ImageReader& image_;
};

DiskToBackUp disk_of(const ImageReader& source, const std::string& name, TimeNs time = 1) {
    DiskToBackUp disk;
    disk.source = &source;
    disk.request.disk = name;
    disk.request.time = time;
    return disk;
}

std::vector<SnapshotRecord> back_up(TestRepository& repository, const BackupGroup& group) {
    catch_up(repository.repository, repository.progress);
    return backup(repository.repository, group, repository.progress, {});
}

std::uint64_t stored_bytes(Backend& backend) {
    std::uint64_t bytes = 0;
    for (const std::string& name : backend.list("packs/", {})) bytes += backend.size(name)->value;
    return bytes;
}

Bytes text_bytes(std::string_view text) {
    const ByteView view = std::as_bytes(std::span(text));
    return {view.begin(), view.end()};
}

Bytes attached_bytes(TestRepository& repository, const Attachment& attachment) {
    return repository.chunks.get_metadata(attachment.address, SlotKind::attachment);
}

}  // namespace

TEST_CASE("group: its disks are in one entry, under its name, and can be restored", "[engine][group]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage a = some_disk(1);
    const fakes::MemoryImage b = some_disk(2);
    const auto records = back_up(repository, {"web01", {disk_of(a, "web01/vda"), disk_of(b, "web01/vdb")}, {}});
    REQUIRE(records.size() == 2);
    REQUIRE(repository.log.next(repository.log.genesis())->head.number == 1);
    REQUIRE(repository.catalog->head().number == 1);
    REQUIRE(repository.snapshots() == records);
    for (const SnapshotRecord& record : records) REQUIRE(record.group == "web01");
    REQUIRE(repository.restored_bytes(records[0]) == a.bytes());
    REQUIRE(repository.restored_bytes(records[1]) == b.bytes());
    REQUIRE(repository.verify().findings.empty());
}

TEST_CASE("group: what two of its disks share is stored once, and each stored byte is counted once",
          "[engine][group]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage a = some_disk(3);
    fakes::MemoryImage b = a;
    std::mt19937_64 random(4);
    b.write_random(random, 100, 100);
    const auto records = back_up(repository, {"vm", {disk_of(a, "a"), disk_of(b, "b"), disk_of(a, "c")}, {}});
    REQUIRE(records[1].statistics.chunks_new == 1);
    REQUIRE(records[2].statistics.chunks_new == 0);
    std::uint64_t counted = 0;
    for (const SnapshotRecord& record : records) counted += record.statistics.bytes_stored;
    REQUIRE(counted == stored_bytes(backend));
    const auto entry = repository.log.next(repository.log.genesis());
    const CommitEntry& commit = std::get<CommitEntry>(entry->entry.body);
    REQUIRE(commit.hit_packs.empty());
    REQUIRE(commit.packs.size() == backend.list("packs/", {}).size());
    REQUIRE(repository.restored_bytes(records[1]) == b.bytes());
    REQUIRE(repository.verify().findings.empty());

    TestRepository elsewhere(backend);  // a host that must read everything from the log
    REQUIRE(elsewhere.snapshots() == records);
    REQUIRE(elsewhere.restored_bytes(records[2]) == a.bytes());
}

TEST_CASE("group: when one disk cannot be read, none is committed", "[engine][group]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage a = some_disk(5);
    const fakes::MemoryImage b = some_disk(6);
    const Interrupted broken(b, [] { throw Error(ErrorCode::io, "the medium is gone"); });
    REQUIRE_THROWS_WITH(back_up(repository, {"vm", {disk_of(a, "a"), disk_of(broken, "b")}, {}}),
                        ContainsSubstring("the medium is gone"));
    REQUIRE(repository.snapshots().empty());
    // Nothing is stored twice because of it.
    const std::uint64_t before = stored_bytes(backend);
    const auto records = back_up(repository, {"vm", {disk_of(a, "a"), disk_of(b, "b")}, {}});
    REQUIRE(records[0].statistics.chunks_new == 0);
    REQUIRE(stored_bytes(backend) - before < b.bytes().size() + 200000);
    REQUIRE(repository.restored_bytes(records[0]) == a.bytes());
}

TEST_CASE("group: when one disk changed while it was read, none is committed", "[engine][group]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage a = some_disk(7);
    const fakes::MemoryImage b = some_disk(8);
    const Changed changed(a);
    REQUIRE_THROWS_WITH(back_up(repository, {"vm", {disk_of(changed, "a"), disk_of(b, "b")}, {}}),
                        ContainsSubstring("another process wrote to it"));
    REQUIRE(repository.snapshots().empty());
}

TEST_CASE("group: when a prune overtakes it, all of it starts again", "[engine][group][move]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage a = some_disk(9);
    fakes::MemoryImage b = some_disk(10);
    back_up(repository, {"vm", {disk_of(a, "a"), disk_of(b, "b")}, {{"vm.xml", text_bytes("<domain/>")}}});
    std::mt19937_64 random(11);
    b.write_random(random, 100, 100);
    const Interrupted source(b, [&] { test::PruneByHand(backend).run(); });
    const auto records = back_up(
        repository, {"vm", {disk_of(a, "a", 2), disk_of(source, "b", 2)}, {{"vm.xml", text_bytes("<domain/>")}}});
    REQUIRE(repository.restored_bytes(records[0]) == a.bytes());
    REQUIRE(repository.restored_bytes(records[1]) == b.bytes());
    REQUIRE(attached_bytes(repository, records[1].attachments.at(0)) == text_bytes("<domain/>"));
    REQUIRE(repository.verify().findings.empty());
}

TEST_CASE("group: attachments are kept with every disk, and stored again only when they changed", "[engine][group]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage a = some_disk(12);
    const fakes::MemoryImage b = some_disk(13);
    const Bytes xml = text_bytes("<domain type='kvm'/>");
    const Bytes nvram(attachment_bytes_max.value, std::byte{0x5a});
    const std::vector<FileToAttach> files{{"vm.xml", xml}, {"nvram", nvram}, {"empty", {}}};
    const auto first = back_up(repository, {"vm", {disk_of(a, "a"), disk_of(b, "b")}, files});
    for (const SnapshotRecord& record : first) {
        REQUIRE(record.attachments.size() == 3);
        REQUIRE(record.attachments[0].name == "vm.xml");
        REQUIRE(attached_bytes(repository, record.attachments[0]) == xml);
        REQUIRE(attached_bytes(repository, record.attachments[1]) == nvram);
        REQUIRE(attached_bytes(repository, record.attachments[2]).empty());
    }
    const std::uint64_t before = stored_bytes(backend);
    const auto second = back_up(repository, {"vm", {disk_of(a, "a", 2), disk_of(b, "b", 2)}, files});
    REQUIRE(stored_bytes(backend) == before);
    REQUIRE(second[1].attachments == first[1].attachments);

    std::vector<FileToAttach> other = files;
    other[0].bytes = text_bytes("<domain type='xen'/>");
    const auto third = back_up(repository, {"vm", {disk_of(b, "b", 3)}, other});
    REQUIRE(attached_bytes(repository, third[0].attachments[0]) == other[0].bytes);
    REQUIRE(third[0].attachments[1] == first[1].attachments[1]);
    REQUIRE(repository.verify().findings.empty());
}

TEST_CASE("group: an attachment that a prune moved is found", "[engine][group][move]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage a = some_disk(14);
    const std::vector<FileToAttach> files{{"vm.xml", text_bytes("<domain/>")}};
    const auto first = back_up(repository, {"vm", {disk_of(a, "a")}, files});
    test::PruneByHand(backend).run();
    const auto second = back_up(repository, {"vm", {disk_of(a, "a", 2)}, files});
    REQUIRE(attached_bytes(repository, first[0].attachments[0]) == files[0].bytes);
    REQUIRE(attached_bytes(repository, second[0].attachments[0]) == files[0].bytes);
    REQUIRE(repository.verify().findings.empty());
}

TEST_CASE("attachment names are single path components of plain text", "[engine][group]") {
    for (const char* name : {"vm.xml", "web01 nvram.fd", "\xc3\xa9"}) CHECK_NOTHROW(check_attachment_name(name));
    for (const char* name : {"", ".", "..", "a/b", "/etc/passwd", "a\nb", "a\x1b[2J", "\xff"})
        CHECK_THROWS_AS(check_attachment_name(name), Error);
}

TEST_CASE("verify: a damaged attachment is reported by name", "[engine][group][verify]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk(100000);  // nothing but the map and the attachment in the metadata pack
    const Bytes text = text_bytes("a text that is in the pack uncompressed");
    const auto records = back_up(repository, {"", {disk_of(disk, "d")}, {{"note", text}}});
    const std::string name = backend.list("packs/", {}).at(0);
    Bytes pack = *backend.get(name, {1 << 20});
    const auto found = std::search(pack.begin(), pack.end(), text.begin(), text.end());
    REQUIRE(found != pack.end());
    *found ^= std::byte{1};
    backend.remove(name);
    backend.put_if_absent(name, pack);
    TestRepository elsewhere(backend);
    const VerifyReport report = elsewhere.verify();
    REQUIRE(std::any_of(report.findings.begin(), report.findings.end(), [](const Finding& finding) {
        return finding.kind == FindingKind::attachment_damaged && finding.message.find("'note'") != std::string::npos;
    }));
}
