#include "tests/formats/guard/lock_holders.h"

#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include "tests/catch.h"

namespace varve::reader_test {

ByteLocks::ByteLocks(const std::string& path, std::initializer_list<off_t> bytes, short type)
    : file_(File::open(path, O_RDWR)) {
    for (const off_t byte : bytes) {
        struct flock lock {};
        lock.l_type = type;
        lock.l_whence = SEEK_SET;
        lock.l_start = byte;
        lock.l_len = 1;
        REQUIRE(::fcntl(file_.fd(), F_OFD_SETLK, &lock) == 0);
    }
}

QemuIo::QemuIo(const std::vector<std::string>& options, const std::string& path, const std::string& locked) {
    std::vector<std::string> words{"qemu-io"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), {"-c", "sleep 300000", path});
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    for (int i = 0; i < 3000 && use_of(locked) == QemuUse::none; ++i) ::usleep(10'000);
    ::usleep(100'000);  // it takes its locks one after the other
    REQUIRE(use_of(locked) != QemuUse::none);
}

QemuIo::~QemuIo() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

QemuUse use_of(const std::string& path) { return qemu_use(File::open(path, O_RDONLY)); }

}  // namespace varve::reader_test
