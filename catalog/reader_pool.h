#pragma once
/// The connections over which const methods read: a few, opened together with the database, lent to one thread at a
/// time.

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "catalog/sqlite.h"

namespace varve {

class ReaderPool {
public:
    ReaderPool(const std::filesystem::path& file, SqlitePlace place, std::size_t count, int cache_kib);

    /// A connection for the lifetime of this object. Waits until one is free.
    class Lease {
    public:
        explicit Lease(ReaderPool& pool);
        ~Lease();
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        SqliteDatabase& operator*() const { return *database_; }

    private:
        ReaderPool& pool_;
        std::unique_ptr<SqliteDatabase> database_;
    };

private:
    std::mutex mutex_;
    std::condition_variable freed_;
    std::vector<std::unique_ptr<SqliteDatabase>> free_;
};

}  // namespace varve
