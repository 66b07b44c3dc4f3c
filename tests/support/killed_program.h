#pragma once
/// The built program, run on a repository of its own, undisturbed, with a changed environment, or killed with SIGKILL
/// at random moments.

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/support/build_paths.h"

namespace varve::test {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// With its own repository and cache.
class Program {
public:
    explicit Program(const TemporaryFolder& folder) : folder_(folder) {}

    /// With `more` in its environment.
    pid_t start(std::vector<std::string> arguments, const Environment& more = {}) const {
        arguments.insert(arguments.end(), {"-r", folder_ / "repo"});
        return start_without_repository(std::move(arguments), more);
    }

    pid_t start_without_repository(std::vector<std::string> arguments, const Environment& more = {}) const {
        arguments.insert(arguments.begin(), test::program_path());
        arguments.insert(arguments.end(), {"--cache-dir", folder_ / "cache"});
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
            for (const auto& [name, value] : more) ::setenv(name.c_str(), value.c_str(), 1);
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

/// A raw disk of 12 MiB.
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

/// When to kill a command. The duration of an undisturbed run determines the time span; it is tracked, as the machine
/// may speed up.
class KillMoment {
public:
    explicit KillMoment(std::uint64_t seed) : random_(seed) {}

    /// Runs the command to its end.
    void learn(const std::function<void()>& run) {
        const auto begun = std::chrono::steady_clock::now();
        run();
        const auto whole =
            std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
        span_ = static_cast<std::uint64_t>(whole.count()) + 1;
    }

    /// Starts the command and kills it. False: it had ended with exit status 0.
    bool kills(const Program& program, const std::vector<std::string>& arguments) {
        const pid_t child = program.start(arguments);
        std::this_thread::sleep_for(std::chrono::microseconds(random_() % span_));
        ::kill(child, SIGKILL);
        const int status = Program::wait(child);
        INFO(arguments[0] << ": " << program.output());
        REQUIRE((status == 0 || status == 128 + SIGKILL));
        span_ = status != 0 ? span_ + span_ / 16 : span_ - span_ / 8;
        return status != 0;
    }

private:
    std::mt19937_64 random_;
    std::uint64_t span_ = 1;
};

}  // namespace varve::test
