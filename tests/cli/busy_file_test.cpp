#include "cli/busy_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.h"

using namespace varve;

namespace {

/// A file in a folder of its own.
class TestFile {
public:
    TestFile() {
        std::string name = (std::filesystem::temp_directory_path() / "varve-busy-XXXXXX").string();
        const int fd = ::mkstemp(name.data());
        REQUIRE(fd >= 0);
        ::close(fd);
        path = name;
    }
    ~TestFile() { ::unlink(path.c_str()); }
    std::string path;
};

/// `cat` of a pipe that never ends, with the file as one of its open files.
class Opener {
public:
    explicit Opener(const std::string& path, const char* mode)
        : pipe_(::popen(("exec 9" + std::string(mode) + "'" + path + "'; cat >/dev/null").c_str(), "w")) {
        REQUIRE(pipe_ != nullptr);
        for (int i = 0; i < 200 && !other_opener(path); ++i) ::usleep(10'000);
    }
    ~Opener() { ::pclose(pipe_); }

private:
    std::FILE* pipe_;
};

}  // namespace

TEST_CASE("busy file: a file that nobody has open is free, our own descriptors do not count against /proc", "[cli]") {
    const TestFile file;
    CHECK(other_opener(file.path) == std::nullopt);
    CHECK(other_opener("/no/such/file") == std::nullopt);
}

TEST_CASE("busy file: another process is named, whether it reads or writes", "[cli]") {
    const TestFile file;
    for (const char* mode : {"<", "<>"}) {
        {
            const Opener opener(file.path, mode);
            const auto found = other_opener(file.path);
            REQUIRE(found);
            CHECK_THAT(*found, ContainsSubstring("process "));
        }
        CHECK(other_opener(file.path) == std::nullopt);
    }
}
