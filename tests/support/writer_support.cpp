#include "tests/support/writer_support.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "engine/base/file.h"

namespace varve::writer_test {
namespace {

constexpr int program_not_found = 127;  // a shell's word for it

void require(bool condition, const char* what) {
    if (!condition) throw std::runtime_error(std::string("test support: ") + what + " failed");
}

std::string read_to_end(int fd) {
    std::string text;
    std::array<char, 65536> piece{};
    while (true) {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

int wait_for(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) require(errno == EINTR, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Avoids fork(), which copies the page tables of a test that holds whole disks. Returns 0 if there is no such program.
pid_t spawn(const std::vector<std::string>& arguments, int output) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t streams;
    require(::posix_spawn_file_actions_init(&streams) == 0, "posix_spawn_file_actions_init");
    ::posix_spawn_file_actions_adddup2(&streams, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&streams, output, STDERR_FILENO);
    pid_t child = 0;
    const int error = ::posix_spawnp(&child, argv[0], &streams, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&streams);
    require(error == 0 || error == ENOENT, "posix_spawnp");
    return error == 0 ? child : 0;
}

template <std::size_t N>
void install(std::array<sock_filter, N> filter) {
    const sock_fprog program{static_cast<unsigned short>(N), filter.data()};
    require(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "PR_SET_NO_NEW_PRIVS");
    require(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "PR_SET_SECCOMP");
}

constexpr sock_filter load(std::uint32_t at) { return {BPF_LD | BPF_W | BPF_ABS, 0, 0, at}; }
constexpr sock_filter skip_unless_equal(std::uint32_t value, std::uint8_t count) {
    return {BPF_JMP | BPF_JEQ | BPF_K, 0, count, value};
}
constexpr sock_filter skip_unless_set(std::uint32_t bits, std::uint8_t count) {
    return {BPF_JMP | BPF_JSET | BPF_K, 0, count, bits};
}
constexpr sock_filter fail_with(int error_number) {
    return {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error_number)};
}
constexpr sock_filter allow() { return {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}; }

}  // namespace

ScratchFolder::ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "varve-test-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, "mkdtemp");
    path_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> ScratchFolder::names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

ToolResult run_tool(const std::vector<std::string>& arguments) {
    std::array<int, 2> ends{};
    require(::pipe2(ends.data(), O_CLOEXEC) == 0, "pipe2");
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t child = spawn(arguments, write_end.get());
    write_end = UniqueFd();
    ToolResult result;
    if (child == 0) return {program_not_found, "there is no program " + arguments.front()};
    result.output = read_to_end(read_end.get());
    result.status = std::max(wait_for(child), -1);
    return result;
}

std::optional<std::uint64_t> first_difference(ByteView a, ByteView b) {
    const auto [in_a, in_b] = std::ranges::mismatch(a, b);
    if (in_a == a.end() && in_b == b.end()) return std::nullopt;
    return static_cast<std::uint64_t>(in_a - a.begin());
}

Bytes read_file(const std::string& path) {
    const File file = File::open(path, O_RDONLY);
    Bytes bytes(file.size().value);
    file.read_exactly({}, bytes);
    return bytes;
}

void write_file(const std::string& path, ByteView bytes) {
    File::open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644).write_all({}, bytes);
}

std::uint64_t allocated_bytes(const std::string& path) {
    struct stat status {};
    require(::stat(path.c_str(), &status) == 0, "stat");
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
}

int in_child(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    require(child >= 0, "fork");
    if (child != 0) return wait_for(child);
    try {
        ::_exit(body() ? 0 : 1);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "in the child: %s\n", error.what());
        ::_exit(2);
    }
}

void lose_o_tmpfile() {
    constexpr auto flags_argument =
        static_cast<std::uint32_t>(offsetof(seccomp_data, args) + 2 * sizeof(std::uint64_t));
    constexpr std::uint32_t tmpfile_bit = O_TMPFILE & ~O_DIRECTORY;
    install(std::array{load(offsetof(seccomp_data, nr)), skip_unless_equal(__NR_openat, 3), load(flags_argument),
                       skip_unless_set(tmpfile_bit, 1), fail_with(EOPNOTSUPP), allow()});
}

void lose_renameat2() {
    install(
        std::array{load(offsetof(seccomp_data, nr)), skip_unless_equal(__NR_renameat2, 1), fail_with(EINVAL), allow()});
}

void lose_ofd_locks() {
    constexpr auto command_argument = static_cast<std::uint32_t>(offsetof(seccomp_data, args) + sizeof(std::uint64_t));
    install(std::array{load(offsetof(seccomp_data, nr)), skip_unless_equal(__NR_fcntl, 3), load(command_argument),
                       skip_unless_equal(F_OFD_GETLK, 1), fail_with(ENOLCK), allow()});
}

void lose_linkat() {
    install(std::array{load(offsetof(seccomp_data, nr)), skip_unless_equal(__NR_linkat, 1), fail_with(EIO), allow()});
}

void lose_fsync_of(int fd) {
    install(std::array{load(offsetof(seccomp_data, nr)), skip_unless_equal(__NR_fsync, 3),
                       load(offsetof(seccomp_data, args)), skip_unless_equal(static_cast<std::uint32_t>(fd), 1),
                       fail_with(EIO), allow()});
}

}  // namespace varve::writer_test
