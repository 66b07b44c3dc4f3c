#include "cli/restore/target_folder.h"

#include <sys/stat.h>
#include <fstream>

#include "engine/base/error.h"
#include "formats/output/output_file.h"
#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"

using namespace varve;
namespace fs = std::filesystem;

namespace {

/// Puts a file of this name and content beneath.
void put(TargetFolder& target, const std::string& folder, const std::string& name) {
    const auto output = create_output_file(target.path_of(folder + "/" + name), TargetRules{}, &target.beneath(folder));
    output->write({}, bytes_of("content"));
    output->commit();
}

ErrorCode code_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("no error");
    throw;
}

}  // namespace

TEST_CASE("target folder: missing folders are created, and removed again if they stay empty", "[cli][restore]") {
    const TemporaryFolder scratch;
    {
        TargetFolder target(scratch / "to");
        put(target, "web01/disks", "a");
        target.beneath("empty/inside");
        REQUIRE(fs::is_directory(scratch / "to/empty/inside"));
    }
    REQUIRE(fs::is_regular_file(scratch / "to/web01/disks/a"));
    REQUIRE(!fs::exists(scratch / "to/empty"));
    {
        TargetFolder target(scratch / "to/");
        target.beneath("web01/disks/more");
    }
    REQUIRE(fs::is_regular_file(scratch / "to/web01/disks/a"));
    REQUIRE(!fs::exists(scratch / "to/web01/disks/more"));
    { TargetFolder target(scratch / "nothing"); }
    REQUIRE(!fs::exists(scratch / "nothing"));
}

TEST_CASE("target folder: existing folders stay, empty or not", "[cli][restore]") {
    const TemporaryFolder scratch;
    fs::create_directories(scratch / "to/was/there");
    {
        TargetFolder target(scratch / "to");
        target.beneath("was/there");
    }
    REQUIRE(fs::is_directory(scratch / "to/was/there"));
}

TEST_CASE("target folder: only the link that the user named is followed, none below it", "[cli][restore]") {
    const TemporaryFolder scratch;
    fs::create_directories(scratch / "to");
    fs::create_directories(scratch / "outside");
    fs::create_directory_symlink("../outside", scratch / "to/link");
    fs::create_directory_symlink("to", scratch / "named");
    TargetFolder target(scratch / "named/");
    REQUIRE(code_of([&] { target.beneath("link"); }) == ErrorCode::refused);
    REQUIRE(code_of([&] { target.beneath("link/deeper"); }) == ErrorCode::refused);
    std::ofstream(scratch / "to/file") << "x";
    REQUIRE(code_of([&] { target.beneath("file"); }) == ErrorCode::refused);
    REQUIRE(fs::is_empty(scratch / "outside"));
}

TEST_CASE("target folder: a folder that is swapped for a link at the wrong moment cannot lead elsewhere",
          "[cli][restore]") {
    const TemporaryFolder scratch;
    fs::create_directories(scratch / "outside");
    TargetFolder target(scratch / "to");
    target.beneath("web01");
    fs::rename(scratch / "to/web01", scratch / "to/moved");
    fs::create_directory_symlink("../outside", scratch / "to/web01");
    put(target, "web01", "a");
    REQUIRE(fs::is_regular_file(scratch / "to/moved/a"));
    REQUIRE(fs::is_empty(scratch / "outside"));
}

TEST_CASE("target folder: the parent folder must exist", "[cli][restore]") {
    const TemporaryFolder scratch;
    REQUIRE(code_of([&] { TargetFolder target(scratch / "no/such/"); }) == ErrorCode::not_found);
    std::ofstream(scratch / "file") << "x";
    REQUIRE(code_of([&] { TargetFolder target(scratch / "file/"); }) == ErrorCode::refused);
    REQUIRE(means_folder(scratch / "nothing/"));
    REQUIRE(!means_folder(scratch / "nothing"));
    REQUIRE(!means_folder(scratch / "file"));
    REQUIRE(means_folder(scratch.path().string()));
    TargetFolder here(".");
    REQUIRE(here.path_of("x/y") == "./x/y");
    TargetFolder root("/");
    REQUIRE(root.path_of("x") == "/x");
}
