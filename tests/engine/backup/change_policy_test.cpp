// Which snapshot a backup is based on, when it trusts a change source, and that deciding so costs no second look at the
// log.

#include "engine/backup/change_policy.h"

#include "engine/backup/backup.h"
#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/image_changes.h"
#include "tests/fakes/known_change_source.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

/// Counts how often the log is read from the start of a catch-up.
class CountingLog final : public CommitLog {
public:
    explicit CountingLog(CommitLog& log) : log_(log) {}

    LogHead genesis() const override { return log_.genesis(); }
    std::optional<LogHead> head_at(LogNumber number) const override {
        ++catch_ups;
        return log_.head_at(number);
    }
    std::optional<LogRecord> next(const LogHead& head) const override { return log_.next(head); }
    std::optional<LogHead> head_before(LogNumber number) const override { return log_.head_before(number); }
    bool contains(LogNumber number) const override { return log_.contains(number); }
    std::vector<LogNumber> numbers(LogNumber after) const override { return log_.numbers(after); }
    std::optional<LogHead> append(const LogHead& head, const LogEntry& entry) override {
        ++appends;
        return log_.append(head, entry);
    }
    void make_durable(LogNumber number) override { log_.make_durable(number); }
    std::vector<LogNumber> checkpoints() const override { return log_.checkpoints(); }
    std::optional<LogState> checkpoint(LogNumber number) const override { return log_.checkpoint(number); }
    void put_checkpoint(const LogState& state) override { log_.put_checkpoint(state); }
    void remove_checkpoint(LogNumber number) override { log_.remove_checkpoint(number); }

    mutable int catch_ups = 0;
    int appends = 0;

private:
    CommitLog& log_;
};

/// Knows no former state any more.
class ForgetfulSource final : public ChangeSource {
public:
    Bytes token() const override { return {}; }
    ChangesSince changed_since(ByteView) const override {
        ++asked;
        return {nullptr, {}, "the snapshot was deleted"};
    }
    mutable int asked = 0;
};

SnapshotRecord back_up(TestRepository& repository, const ImageReader& disk, TimeNs time,
                       const ChangeSource* source = nullptr) {
    BackupRequest request;
    request.disk = "d";
    request.time = time;
    request.source = {"/images/d", "raw", "", "", {}};
    request.change_source = source;
    request.change_token = fakes::unique_token();
    return backup(repository.repository, disk, request, repository.progress, {});
}

BackupRequest request_of(const std::string& path, const std::string& format) {
    BackupRequest request;
    request.disk = "d";
    request.source = {path, format, "", "", {}};
    return request;
}

}  // namespace

TEST_CASE("change policy: a backup with a change source reads the log only once more, to commit", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository host(backend);
    const fakes::MemoryImage disk(1 << 20);
    const SnapshotRecord first = back_up(host, disk, 1);
    const fakes::ImageChanges changes(disk, disk);
    const fakes::KnownChangeSource source(first, changes, "test");
    BackupRequest request = request_of("/images/d", "raw");
    request.time = 2;
    request.change_source = &source;

    CountingLog log(host.log);
    Repository repository{host.info, log, host.chunks, *host.catalog};
    catch_up(repository, host.progress);
    REQUIRE(log.catch_ups == 1);
    check_same_source(*host.catalog, request, {});
    const SnapshotRecord second = backup(repository, disk, request, host.progress, {});
    CHECK(to_text(second.change_detection) == "test");
    CHECK(log.catch_ups == 2);  // the caller's, and the one that finds the end of the log for the entry
    CHECK(log.appends == 1);
}

TEST_CASE("change policy: the nearest snapshot that the change source knows is the parent", "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk(1 << 20);
    const SnapshotRecord first = back_up(repository, disk, 10);
    const SnapshotRecord second = back_up(repository, disk, 20);
    back_up(repository, disk, 30);
    const fakes::ImageChanges changes(disk, disk);
    const fakes::KnownChangeSource knows_first(first, changes, "test");
    const fakes::KnownChangeSource knows_second(second, changes, "test");
    BackupRequest request = request_of("/images/d", "raw");
    request.time = 40;
    for (const auto& [source, expected] : {std::pair{&knows_first, first.id}, std::pair{&knows_second, second.id}}) {
        request.change_source = source;
        const BackupParent parent = choose_parent(*repository.catalog, request, repository.progress);
        REQUIRE(parent.snapshot);
        CHECK(parent.snapshot->record.id == expected);
        CHECK(parent.changes != nullptr);
    }
    CHECK(repository.progress.warnings.empty());
}

TEST_CASE("change policy: a change source that forgot its states is asked eight times, and one warning explains it",
          "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk(1 << 20);
    SnapshotRecord newest;
    for (TimeNs time = 1; time <= 10; ++time) newest = back_up(repository, disk, time);
    const ForgetfulSource source;
    BackupRequest request = request_of("/images/d", "raw");
    request.time = 11;
    request.change_source = &source;
    const BackupParent parent = choose_parent(*repository.catalog, request, repository.progress);
    CHECK(source.asked == 8);
    REQUIRE(parent.snapshot);
    CHECK(parent.snapshot->record.id == newest.id);
    CHECK(parent.changes == nullptr);
    CHECK(to_text(parent.detection) == "rescan");
    REQUIRE(repository.progress.warnings.size() == 1);
    CHECK(repository.progress.warnings[0] == "/images/d: the snapshot was deleted");
}

TEST_CASE("change policy: another path or format under the name of a disk is refused unless the user specified it",
          "[engine][backup]") {
    MemoryBackend backend;
    TestRepository repository(backend);
    const fakes::MemoryImage disk(1 << 20);
    back_up(repository, disk, 1);
    const Catalog& catalog = *repository.catalog;
    CHECK_NOTHROW(check_same_source(catalog, request_of("/images/d", "raw"), {}));
    CHECK_THROWS_AS(check_same_source(catalog, request_of("/other/d", "raw"), {}), Error);
    CHECK_THROWS_AS(check_same_source(catalog, request_of("/images/d", "qcow2"), {}), Error);
    CHECK_THROWS_AS(check_same_source(catalog, request_of("/other/d", "qcow2"), {.disk = true}), Error);
    CHECK_NOTHROW(check_same_source(catalog, request_of("/other/d", "qcow2"), {.disk = true, .format = true}));
}

TEST_CASE("change detection: each text of a record is kept as it is", "[engine][backup]") {
    for (const std::string text : {"full", "rescan", "thin", "rescan, as thin was wrong", "", "rescan, as  was wrong",
                                   "rescan, as was wrong", "rescan, as thin"})
        CHECK(to_text(parse_change_detection(text)) == text);
    CHECK(parse_change_detection("rescan, as thin was wrong").source == "thin");
}
