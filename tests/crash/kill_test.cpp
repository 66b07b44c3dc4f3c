// kill -9 of the real program at random moments of a backup: nothing committed is lost, nothing needs unlocking, and
// complete packs that were left behind are used.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <thread>

#include "store/backend/local_backend.h"
#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/support/build_paths.h"
#include "tests/support/long_test.h"
#include "tests/support/packs_of.h"
#include "tests/support/test_repository.h"

using namespace varve;

namespace {

/// The built program, with its own repository and cache.
class Program {
public:
    explicit Program(const TemporaryFolder& folder) : folder_(folder) {}

    pid_t start(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), test::program_path());
        arguments.insert(arguments.end(), {"-r", folder_ / "repo", "--cache-dir", folder_ / "cache"});
        std::vector<char*> raw;
        raw.reserve(arguments.size() + 1);
        for (std::string& argument : arguments) raw.push_back(argument.data());
        raw.push_back(nullptr);
        const std::string output = folder_ / "output";
        const pid_t child = ::fork();
        if (child == 0) {
            const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
            ::dup2(fd, 1);
            ::dup2(fd, 2);
            ::execv(raw[0], raw.data());
            ::_exit(127);
        }
        return child;
    }

    static int wait(pid_t child) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    void must(const std::vector<std::string>& arguments) const {
        const int status = wait(start(arguments));
        INFO(arguments[0] << ": " << output());
        REQUIRE(status == 0);
    }

    std::string output() const {
        std::ifstream in(folder_ / "output");
        return {std::istreambuf_iterator<char>(in), {}};
    }

private:
    const TemporaryFolder& folder_;
};

class DiskFile {
public:
    DiskFile(std::string path, std::uint64_t seed) : path_(std::move(path)), random_(seed) {
        std::ofstream(path_).close();
        for (int i = 0; i < 12; ++i) write(static_cast<std::uint64_t>(i) * (1 << 20), 700000);
    }

    void change() {
        for (int i = 0; i < 8; ++i) write(4096 * (random_() % 3000), 4096 * (1 + random_() % 60));
    }

private:
    void write(std::uint64_t at, std::size_t length) {
        std::string bytes(length, '\0');
        for (std::size_t i = 0; i < length; i += sizeof(std::uint64_t)) {
            const std::uint64_t value = random_();
            std::memcpy(bytes.data() + i, &value, std::min(length - i, sizeof value));
        }
        std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(static_cast<std::streamoff>(at));
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }

    std::string path_;
    std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("kill: 200 backups cut off by kill -9 lose nothing and store nothing twice", "[crash]") {
    constexpr int kills = test_rounds(200);
    constexpr std::uint64_t seed = 20261122;
    std::printf("kill test: seed %llu, %d kills\n", static_cast<unsigned long long>(seed), kills);
    const TemporaryFolder folder;
    const Program program(folder);
    program.must({"init"});
    DiskFile disk(folder / "disk.raw", seed);

    // The duration of an undisturbed backup determines the time span for kills; it is tracked, as the machine may speed
    // up.
    const auto begun = std::chrono::steady_clock::now();
    program.must({"backup", folder / "disk.raw"});
    const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
    auto span = static_cast<std::uint64_t>(whole.count()) + 1;

    std::mt19937_64 random(seed);
    int cut_off = 0;
    for (int i = 0; i < kills; ++i) {
        disk.change();
        const pid_t child = program.start({"backup", folder / "disk.raw"});
        std::this_thread::sleep_for(std::chrono::microseconds(random() % span));
        ::kill(child, SIGKILL);
        const bool was_cut_off = Program::wait(child) != 0;
        if (was_cut_off) ++cut_off;
        span = was_cut_off ? span + span / 16 : span - span / 8;
        if (i % 10 == 9) program.must({"verify", "-q"});
    }
    std::printf("kill test: %d of %d were cut off\n", cut_off, kills);
    REQUIRE(cut_off > kills / 4);

    program.must({"backup", folder / "disk.raw"});
    program.must({"verify"});
    program.must({"verify", "disk@latest", "--against", folder / "disk.raw"});
    const auto backend = LocalBackend::open(folder / "repo");
    test::TestRepository repository(*backend);
    REQUIRE(test::chunks_stored_twice(repository.chunks) == 0);
}
