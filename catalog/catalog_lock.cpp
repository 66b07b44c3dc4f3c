#include "catalog/catalog_lock.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

constexpr std::uint64_t lock_file_bytes = 4096;
constexpr std::chrono::milliseconds lock_retry_interval{2};

/// A lock on one byte behind the counter. It belongs to the open file, not to the process: closing another descriptor
/// of the file does not release it.
struct flock lock_request(CatalogLock::Kind kind, bool release) {
    using Kind = CatalogLock::Kind;
    struct flock request {};
    request.l_type = kind == Kind::open ? F_RDLCK : F_WRLCK;
    if (release) request.l_type = F_UNLCK;
    request.l_whence = SEEK_SET;
    request.l_start = kind == Kind::write ? 64 : kind == Kind::build ? 66 : 65;
    request.l_len = 1;
    return request;
}

/// A write transaction takes seconds at most; opening and replacing take milliseconds.
std::chrono::seconds wait_max(CatalogLock::Kind kind) {
    return std::chrono::seconds(kind == CatalogLock::Kind::write ? 20 : 3);
}

/// False when another program has it.
bool try_lock(const File& file, CatalogLock::Kind kind) {
    struct flock request = lock_request(kind, false);
    while (::fcntl(file.fd(), F_OFD_SETLK, &request) != 0) {
        if (errno == EAGAIN || errno == EACCES) return false;
        if (errno != EINTR) throw io_error(fmt::format("cannot lock '{}'", file.path()), errno);
    }
    return true;
}

void unlock(const File& file, CatalogLock::Kind kind) {
    struct flock request = lock_request(kind, true);
    ::fcntl(file.fd(), F_OFD_SETLK, &request);
}

File memory_file() {
    UniqueFd fd(::memfd_create("catalog.lock", MFD_CLOEXEC));
    if (!fd) throw io_error("cannot make the lock of a catalog in memory", errno);
    return File(std::move(fd), "catalog.lock in memory");
}

}  // namespace

CatalogLock::CatalogLock(const std::filesystem::path& folder)
    : CatalogLock(File::open((folder / "catalog.lock").string(), O_RDWR | O_CREAT)) {}

CatalogLock::CatalogLock(File file) : file_(std::move(file)) {
    // Only ever extended, never truncated, as other programs use it too; really allocated, so that no change of the
    // counter finds the disk full.
    if (const int error = ::posix_fallocate(file_.fd(), 0, static_cast<off_t>(lock_file_bytes)); error != 0)
        throw io_error(fmt::format("cannot allocate '{}'", file_.path()), error);
}

CatalogLock CatalogLock::in_memory() { return CatalogLock(memory_file()); }

bool CatalogLock::is_in(const std::filesystem::path& folder) const {
    struct stat named {};
    if (::stat((folder / "catalog.lock").c_str(), &named) != 0) return false;
    return file_.identity() == FileIdentity{named.st_dev, named.st_ino};
}

std::uint64_t CatalogLock::changes() const {
    std::array<std::byte, 8> bytes{};
    file_.read_exactly({0}, bytes);
    return load_le<std::uint64_t>(ByteView(bytes));
}

void CatalogLock::write_changes(std::uint64_t changes) const {
    std::array<std::byte, 8> bytes{};
    store_le<std::uint64_t>(ByteSpan(bytes), changes);
    file_.write_all({0}, bytes);
}

bool CatalogLock::try_keep(Kind kind) { return try_lock(file_, kind); }

CatalogLock::Hold::Hold(CatalogLock& lock, Kind kind) : lock_(lock), kind_(kind) {
    const auto deadline = std::chrono::steady_clock::now() + wait_max(kind);
    while (!try_lock(lock.file_, kind)) {
        if (std::chrono::steady_clock::now() > deadline)
            throw Error(ErrorCode::io,
                        fmt::format("catalog lock '{}' was held by another program for {} seconds; try again",
                                    lock.file_.path(), wait_max(kind).count()));
        std::this_thread::sleep_for(lock_retry_interval);
    }
}

CatalogLock::Hold::~Hold() { unlock(lock_.file_, kind_); }

CatalogLock::Change::Change(Hold& hold) : lock_(hold.lock_) {
    if (const std::uint64_t changes = lock_.changes(); changes % 2 == 0) lock_.write_changes(changes + 1);
}

CatalogLock::Change::~Change() {
    try {
        lock_.write_changes(lock_.changes() + 1);
    } catch (const Error&) {
        // It stays odd: until the next change, readers ask the database.
    }
}

}  // namespace varve
