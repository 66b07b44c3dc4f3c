#include "cli/backup/named_sources.h"

#include <filesystem>

#include "cli/options/source_path.h"
#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

namespace {

using Words = std::vector<std::string>;

ErrorCode refusal(const Words& paths, const Words& disks) {
    try {
        backup_sources(paths, disks);
    } catch (const Error& e) {
        return e.code();
    }
    FAIL("was taken");
    throw;
}

}  // namespace

TEST_CASE("named sources: a disk is named after its file without the extension", "[cli]") {
    const auto sources = backup_sources(Words{"/vm/web01.qcow2", "db.old.raw", "/dev/vg/disk"}, Words{});
    REQUIRE(sources.size() == 3);
    CHECK(sources[0].disk == "web01");
    CHECK(sources[1].disk == "db.old");
    CHECK(sources[2].disk == "disk");
    CHECK(sources[0].named == DiskNamed::by_file);
}

TEST_CASE("named sources: typed names apply to the sources in order", "[cli]") {
    const auto sources = backup_sources(Words{"a.raw", "-"}, Words{"web01/vda", "web01/vdb"});
    CHECK(sources[0].disk == "web01/vda");
    CHECK(sources[1].disk == "web01/vdb");
    CHECK(sources[1].named == DiskNamed::by_user);
}

TEST_CASE("named sources: unclear names are wrong usage", "[cli]") {
    CHECK(refusal({"a.raw", "b.raw"}, {"one"}) == ErrorCode::usage);
    CHECK(refusal({"a.raw"}, {"one", "two"}) == ErrorCode::usage);
    CHECK(refusal({"x/a.raw", "y/a.qcow2"}, {}) == ErrorCode::usage);
    CHECK(refusal({"-"}, {}) == ErrorCode::usage);
    CHECK(refusal({"folder/"}, {}) == ErrorCode::usage);
    CHECK(refusal({"a@b.raw"}, {}) == ErrorCode::usage);
    CHECK(refusal({""}, {}) == ErrorCode::usage);
}

TEST_CASE("named sources: a recorded path is canonical, standard input is '-'", "[cli]") {
    CHECK(recorded_path("-") == "-");
    CHECK(recorded_path("/proc/../proc/self/../version") == "/proc/version");
    CHECK_THROWS_AS(recorded_path("/no/such/file"), Error);
}

TEST_CASE("named sources: a pair names its disk; a path with '=' is no pair", "[cli]") {
    const auto sources = backup_sources(Words{"web01/vda=vm/a.qcow2", "db.raw", "./x=y.raw", "m=-"}, Words{});
    CHECK(sources[0].disk == "web01/vda");
    CHECK(sources[0].path == "vm/a.qcow2");
    CHECK(sources[0].named == DiskNamed::by_user);
    CHECK(sources[1].disk == "db");
    CHECK(sources[2].path == "./x=y.raw");
    CHECK(sources[2].disk == "x=y");
    CHECK(sources[3].path == "-");
    CHECK(sources[3].disk == "m");
    CHECK(refusal(Words{"a=x.raw"}, Words{"b"}) == ErrorCode::usage);
    CHECK(refusal(Words{"a=x.raw", "a=y.raw"}, Words{}) == ErrorCode::usage);
}
