#include "catalog/catalog_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

constexpr ByteCount file_size = kib(4);
constexpr std::chrono::seconds wait_max{60};
constexpr std::chrono::milliseconds retry_interval{2};

}  // namespace

CatalogLock::CatalogLock(const std::filesystem::path& folder)
    : file_(File::open((folder / "catalog.lock").string(), O_RDWR | O_CREAT)) {
    // Only ever extended, never truncated, as another program may have it mapped; really allocated, so that no write
    // finds the disk full.
    if (const int error = ::posix_fallocate(file_.fd(), 0, static_cast<off_t>(file_size.value)); error != 0)
        throw io_error(fmt::format("cannot allocate '{}'", file_.path()), error);
    void* begin = ::mmap(nullptr, file_size.value, PROT_READ | PROT_WRITE, MAP_SHARED, file_.fd(), 0);
    if (begin == MAP_FAILED) throw io_error(fmt::format("cannot map '{}'", file_.path()), errno);
    counter_ = static_cast<std::uint64_t*>(begin);
}

CatalogLock::~CatalogLock() { ::munmap(counter_, file_size.value); }

std::uint64_t CatalogLock::changes() const { return std::atomic_ref(*counter_).load(std::memory_order_acquire); }

CatalogLock::Hold::Hold(CatalogLock& lock) : lock_(lock) {
    const auto deadline = std::chrono::steady_clock::now() + wait_max;
    while (::flock(lock.file_.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            throw io_error(fmt::format("cannot lock '{}'", lock.file_.path()), errno);
        if (std::chrono::steady_clock::now() > deadline)
            throw Error(ErrorCode::io,
                        fmt::format("catalog lock '{}' was held by another program for {} seconds; try again",
                                    lock.file_.path(), wait_max.count()));
        std::this_thread::sleep_for(retry_interval);
    }
}

CatalogLock::Hold::~Hold() { ::flock(lock_.file_.fd(), LOCK_UN); }

CatalogLock::Change::Change(Hold& hold) : lock_(hold.lock_) {
    std::atomic_ref counter(*lock_.counter_);
    if (counter.load() % 2 == 0) counter.fetch_add(1);
}

CatalogLock::Change::~Change() { std::atomic_ref(*lock_.counter_).fetch_add(1); }

}  // namespace varve
