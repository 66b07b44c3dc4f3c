#pragma once
/// The small file beside the database that the programs of one host share: its lock serialises writers (and programs
/// that open or remove the database), and its counter shows readers, at the cost of one memory read, that nothing
/// changed. It is never removed, so that all see the same file. The lock ends with the program that holds it.

#include <cstdint>
#include <filesystem>

#include "engine/base/file.h"

namespace varve {

class CatalogLock {
public:
    /// Opens the lock file in `folder`, creating it if needed.
    explicit CatalogLock(const std::filesystem::path& folder);
    ~CatalogLock();
    CatalogLock(const CatalogLock&) = delete;
    CatalogLock& operator=(const CatalogLock&) = delete;

    class Change;

    /// Holds the lock for its lifetime. Waits at most a minute, then throws Error(io). Not for two threads of one
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

    /// Exists while the holder commits to the database, successfully or not.
    class Change {
    public:
        explicit Change(Hold& hold);
        ~Change();
        Change(const Change&) = delete;
        Change& operator=(const Change&) = delete;

    private:
        CatalogLock& lock_;
    };

    /// A number that differs after each change. Odd: a change is being committed (or its program died doing so,
    /// until the next change), so read the database. Equal and even: nothing was committed between the two calls.
    /// Any thread.
    std::uint64_t changes() const;

private:
    File file_;
    std::uint64_t* counter_ = nullptr;
};

}  // namespace varve
