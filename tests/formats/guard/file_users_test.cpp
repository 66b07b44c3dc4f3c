#include "formats/guard/file_users.h"

#include <fcntl.h>
#include <unistd.h>
#include <cstdio>

#include "formats/guard/target_rules.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

using namespace varve;
using writer_test::ScratchFolder;
using writer_test::write_file;

namespace {

std::optional<std::string> opener_of(const std::string& path) { return other_opener(*medium_identity(path)); }

bool is_open_elsewhere(const std::string& path) { return varve::is_open_elsewhere(File::open(path, O_RDONLY)); }

/// A `cat` that waits on a pipe, with the file among its open files.
class Opener {
public:
    explicit Opener(const std::string& path, const char* mode)
        : pipe_(::popen(("exec 9" + std::string(mode) + "'" + path + "'; cat >/dev/null").c_str(), "w")) {
        REQUIRE(pipe_ != nullptr);
        for (int i = 0; i < 2000 && !opener_of(path); ++i) ::usleep(10'000);
    }
    ~Opener() { ::pclose(pipe_); }

private:
    std::FILE* pipe_;
};

}  // namespace

TEST_CASE("file users: a file without openers is free, and the caller's own descriptors are not another process",
          "[formats][locks]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.raw");
    write_file(path, Bytes(4096));
    CHECK_FALSE(opener_of(path));
    CHECK_FALSE(is_open_elsewhere(path));
    const File own = File::open(path, O_RDWR);
    CHECK_FALSE(opener_of(path));
}

TEST_CASE("file users: another process is named whether it reads or writes", "[formats][locks]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.raw");
    write_file(path, Bytes(4096));
    for (const char* mode : {"<", "<>"}) {
        {
            const Opener opener(path, mode);
            const auto found = opener_of(path);
            REQUIRE(found);
            CHECK_THAT(*found, ContainsSubstring("process "));
            CHECK(is_open_elsewhere(path));
        }
        CHECK_FALSE(opener_of(path));
        CHECK_FALSE(is_open_elsewhere(path));
    }
}
