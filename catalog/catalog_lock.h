#pragma once
/// The small file beside the database that programs of one host share: its lock makes writers (and whoever opens or
/// removes the database) go one after the other, and its counter tells readers, for the price of one memory read, that
/// nothing changed. It is never removed, so that all see the same one. The lock ends with the program that held it.

#include <cstdint>
#include <filesystem>

#include "engine/base/file.h"

namespace varve {

class CatalogLock {
public:
    /// Opens the lock file in `folder`, making it when it is not there.
    explicit CatalogLock(const std::filesystem::path& folder);
    ~CatalogLock();
    CatalogLock(const CatalogLock&) = delete;
    CatalogLock& operator=(const CatalogLock&) = delete;

    class Change;

    /// Holds the lock while it lives. Waits at most a minute, then throws Error(io). Not for two threads of one
    /// CatalogLock.
    class Hold {
    public:
        explicit Hold(CatalogLock& lock);
        ~Hold();
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        friend class CatalogLock::Change;
        CatalogLock& lock_;
    };

    /// Lives while the holder commits to the database, well or not.
    class Change {
    public:
        explicit Change(Hold& hold);
        ~Change();
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

    private:
        CatalogLock& lock_;
    };

    /// A number that is another one after each change. Odd: a change is being committed (or its program died in it,
    /// until the next change), so look into the database. Equal and even: nothing was committed between the two calls.
    /// Any thread.
    std::uint64_t changes() const;

private:
    File file_;
    std::uint64_t* counter_ = nullptr;
};

}  // namespace varve
