// Loaded into the program (LD_PRELOAD): fakes a medium with unreadable sectors, or one that is written to while it is
// read. UNREADABLE="END:BEGIN:LENGTH[,BEGIN:LENGTH...]": in the file whose path ends with END, the bytes
// [BEGIN, BEGIN + LENGTH) fail with EIO. WRITTEN_AT="END:OFFSET": that file gets a new modification time whenever a
// byte at or after OFFSET is read.

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

using Pread = ssize_t (*)(int, void*, size_t, off_t);

/// The rules in the variable `name`, from the first colon on, if they apply to the open file.
const char* rules_for(const char* name, int fd) {
    const char* rules = std::getenv(name);
    const char* colon = rules == nullptr ? nullptr : std::strchr(rules, ':');
    if (colon == nullptr) return nullptr;
    char link[64];
    char path[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = ::readlink(link, path, sizeof path);
    const auto end = static_cast<size_t>(colon - rules);
    const bool applies = length >= static_cast<ssize_t>(end) && std::memcmp(path + length - end, rules, end) == 0;
    return applies ? colon : nullptr;
}

/// How many of the bytes at `offset` can be read before the first that can't.
size_t readable(int fd, off_t offset, size_t count) {
    size_t left = count;
    for (const char* rule = rules_for("UNREADABLE", fd); rule != nullptr; rule = std::strchr(rule, ',')) {
        char* next = nullptr;
        const long long begin = std::strtoll(rule + 1, &next, 10);
        const long long bad_end = begin + std::strtoll(next + 1, &next, 10);
        rule = next;
        if (offset >= begin && offset < bad_end) return 0;
        if (offset < begin && offset + static_cast<off_t>(left) > begin) left = static_cast<size_t>(begin - offset);
    }
    return left;
}

void write_if_reached(int fd, off_t offset) {
    const char* rule = rules_for("WRITTEN_AT", fd);
    if (rule != nullptr && offset >= std::strtoll(rule + 1, nullptr, 10)) ::futimens(fd, nullptr);
}

ssize_t checked_pread(const char* name, int fd, void* to, size_t count, off_t offset) {
    write_if_reached(fd, offset);
    const size_t left = readable(fd, offset, count);
    if (left == 0 && count != 0) {
        errno = EIO;
        return -1;
    }
    return reinterpret_cast<Pread>(::dlsym(RTLD_NEXT, name))(fd, to, left, offset);
}

}  // namespace

extern "C" ssize_t pread(int fd, void* to, size_t count, off_t offset) {
    return checked_pread("pread", fd, to, count, offset);
}

extern "C" ssize_t pread64(int fd, void* to, size_t count, off_t offset) {
    return checked_pread("pread64", fd, to, count, offset);
}
