#include "catalog/reader_pool.h"

namespace varve {

ReaderPool::ReaderPool(const std::filesystem::path& file, SqlitePlace place, std::size_t count, int cache_kib) {
    for (std::size_t i = 0; i < count; ++i) free_.push_back(std::make_unique<SqliteDatabase>(file, cache_kib, place));
}

ReaderPool::Lease::Lease(ReaderPool& pool) : pool_(pool) {
    std::unique_lock lock(pool.mutex_);
    pool.freed_.wait(lock, [&] { return !pool.free_.empty(); });
    database_ = std::move(pool.free_.back());
    pool.free_.pop_back();
}

ReaderPool::Lease::~Lease() {
    {
        const std::lock_guard lock(pool_.mutex_);
        pool_.free_.push_back(std::move(database_));
    }
    pool_.freed_.notify_one();
}

}  // namespace varve
