// Loaded into the program (LD_PRELOAD): calls on files below a folder fail. FAILING_FOLDER names the folder,
// FAILING_CALLS the kind of failure and a number N:
//   "eio N"    the N-th call fails with EIO
//   "dead N"   so does each call after it
//   "eintr N"  every N-th call that a signal can interrupt fails with EINTR
//   "short N"  every N-th transfer moves half of its bytes
// FAILING_COUNTS names a file of two numbers of 8 bytes: calls that could have failed so, and those that did.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum class CallKind { transfer, interruptible, uninterruptible };

struct CallCounts {
    std::atomic<unsigned long> possible;
    std::atomic<unsigned long> failed;
};

template <typename F>
F real_call(const char* name, F) {
    return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

/// What the environment asks for.
class CallPlan {
public:
    CallPlan() {
        const char* rule = std::getenv("FAILING_CALLS");
        const char* counts = std::getenv("FAILING_COUNTS");
        folder_ = std::getenv("FAILING_FOLDER");
        if (rule == nullptr || counts == nullptr || folder_ == nullptr) return;
        std::sscanf(rule, "%15s %lu", kind_, &number_);
        const int fd = real_call("open64", &::open)(counts, O_RDWR | O_CLOEXEC);
        void* place = ::mmap(nullptr, sizeof(CallCounts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        ::close(fd);
        if (place != MAP_FAILED) counts_ = static_cast<CallCounts*>(place);
    }

    bool is(const char* kind) const { return std::strcmp(kind_, kind) == 0; }

    bool concerns(CallKind call) const {
        if (counts_ == nullptr || number_ == 0) return false;
        return is("short") ? call == CallKind::transfer : !is("eintr") || call != CallKind::uninterruptible;
    }

    bool is_below_folder(const char* path) const { return std::strncmp(path, folder_, std::strlen(folder_)) == 0; }

    /// Counts a call that could fail.
    bool fails_now() const {
        const unsigned long index = ++counts_->possible;
        const bool fails = is("eio") ? index == number_ : is("dead") ? index >= number_ : index % number_ == 0;
        if (fails) ++counts_->failed;
        return fails;
    }

private:
    char kind_[16] = "";
    unsigned long number_ = 0;
    const char* folder_ = nullptr;
    CallCounts* counts_ = nullptr;
};

const CallPlan& call_plan() {
    static const CallPlan plan;
    return plan;
}

/// Where the open file or folder is; "" if unknown.
void path_of(int fd, char (&path)[PATH_MAX]) {
    char link[64];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = ::readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
}

bool call_fails(CallKind call, int fd, const char* name = "") {
    if (!call_plan().concerns(call) || (fd >= 0 && fd <= 2)) return false;
    const int saved = errno;
    char path[PATH_MAX] = "";
    if (*name != '/') path_of(fd, path);
    errno = saved;
    return call_plan().is_below_folder(*name == '/' ? name : path) && call_plan().fails_now();
}

/// SQLite doesn't repeat an interrupted fsync. Its files are in the cache, on a local file system, where none is
/// interrupted.
CallKind kind_of_sync(int fd) {
    char path[PATH_MAX];
    path_of(fd, path);
    return std::strstr(path, "catalog.sqlite") != nullptr ? CallKind::uninterruptible : CallKind::interruptible;
}

int fail_call() {
    errno = call_plan().is("eintr") ? EINTR : EIO;
    return -1;
}

template <typename F>
ssize_t transfer(int fd, size_t count, F&& move) {
    if (!call_fails(CallKind::transfer, fd)) return move(count);
    return call_plan().is("short") ? move(count > 1 ? count / 2 : count) : fail_call();
}

mode_t mode_of(int flags, va_list more) {
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(more, unsigned)) : 0;
}

}  // namespace

#define FAILING_CALL(kind, fd, name, call, ...) \
    return call_fails(CallKind::kind, fd, name) ? fail_call() : real_call(#call, &::call)(__VA_ARGS__)

#define OPEN_CALL(call, folder, parameters, arguments)                    \
    extern "C" int call parameters {                                      \
        va_list more;                                                     \
        va_start(more, flags);                                            \
        const mode_t mode = mode_of(flags, more);                         \
        va_end(more);                                                     \
        FAILING_CALL(interruptible, folder, name, call, arguments, mode); \
    }
#define TWO_ARGUMENTS name, flags
#define THREE_ARGUMENTS folder, name, flags

OPEN_CALL(open, AT_FDCWD, (const char* name, int flags, ...), TWO_ARGUMENTS)
OPEN_CALL(open64, AT_FDCWD, (const char* name, int flags, ...), TWO_ARGUMENTS)
OPEN_CALL(openat, folder, (int folder, const char* name, int flags, ...), THREE_ARGUMENTS)
OPEN_CALL(openat64, folder, (int folder, const char* name, int flags, ...), THREE_ARGUMENTS)

extern "C" {

ssize_t read(int fd, void* to, size_t count) {
    return transfer(fd, count, [&](size_t some) { return real_call("read", &::read)(fd, to, some); });
}
ssize_t write(int fd, const void* from, size_t count) {
    return transfer(fd, count, [&](size_t some) { return real_call("write", &::write)(fd, from, some); });
}
ssize_t pread(int fd, void* to, size_t count, off_t at) {
    return transfer(fd, count, [&](size_t some) { return real_call("pread", &::pread)(fd, to, some, at); });
}
ssize_t pread64(int fd, void* to, size_t count, off_t at) {
    return transfer(fd, count, [&](size_t some) { return real_call("pread64", &::pread64)(fd, to, some, at); });
}
ssize_t pwrite(int fd, const void* from, size_t count, off_t at) {
    return transfer(fd, count, [&](size_t some) { return real_call("pwrite", &::pwrite)(fd, from, some, at); });
}
ssize_t pwrite64(int fd, const void* from, size_t count, off_t at) {
    return transfer(fd, count, [&](size_t some) { return real_call("pwrite64", &::pwrite64)(fd, from, some, at); });
}

int fsync(int fd) { return call_fails(kind_of_sync(fd), fd) ? fail_call() : real_call("fsync", &::fsync)(fd); }
int fdatasync(int fd) {
    return call_fails(kind_of_sync(fd), fd) ? fail_call() : real_call("fdatasync", &::fdatasync)(fd);
}
int ftruncate(int fd, off_t size) noexcept { FAILING_CALL(interruptible, fd, "", ftruncate, fd, size); }
int ftruncate64(int fd, off_t size) noexcept { FAILING_CALL(interruptible, fd, "", ftruncate64, fd, size); }
int fallocate(int fd, int mode, off_t at, off_t count) {
    FAILING_CALL(interruptible, fd, "", fallocate, fd, mode, at, count);
}
int fallocate64(int fd, int mode, off_t at, off_t count) {
    FAILING_CALL(interruptible, fd, "", fallocate64, fd, mode, at, count);
}

int linkat(int from, const char* old_name, int folder, const char* name, int flags) noexcept {
    FAILING_CALL(uninterruptible, folder, name, linkat, from, old_name, folder, name, flags);
}
int rename(const char* old_name, const char* name) noexcept {
    FAILING_CALL(uninterruptible, AT_FDCWD, name, rename, old_name, name);
}
int renameat(int from, const char* old_name, int folder, const char* name) noexcept {
    FAILING_CALL(uninterruptible, folder, name, renameat, from, old_name, folder, name);
}
int renameat2(int from, const char* old_name, int folder, const char* name, unsigned flags) noexcept {
    FAILING_CALL(uninterruptible, folder, name, renameat2, from, old_name, folder, name, flags);
}
int unlink(const char* name) noexcept { FAILING_CALL(uninterruptible, AT_FDCWD, name, unlink, name); }
int unlinkat(int folder, const char* name, int flags) noexcept {
    FAILING_CALL(uninterruptible, folder, name, unlinkat, folder, name, flags);
}
int mkdir(const char* name, mode_t mode) noexcept { FAILING_CALL(uninterruptible, AT_FDCWD, name, mkdir, name, mode); }
int mkdirat(int folder, const char* name, mode_t mode) noexcept {
    FAILING_CALL(uninterruptible, folder, name, mkdirat, folder, name, mode);
}

}  // extern "C"
