#pragma once
/// The small file beside the database that the programs of one host share: its locks keep writers apart, and programs
/// that open the catalog apart from one that replaces it; its counter shows readers, at the cost of one small read,
/// that nothing changed. Every lock ends with the program that holds it. Nothing of the file is mapped into memory, so
/// no full or failing file system can kill a program.

#include <cstdint>
#include <filesystem>

#include "engine/base/file.h"

namespace varve {

class CatalogLock {
public:
    /// What a holder does; each kind conflicts only with those of its own place in the file.
    enum class Kind {
        write,    ///< changes the database; excludes other writers
        open,     ///< opens the files of the catalog; excludes `replace`
        replace,  ///< gives the folder's name to another catalog; excludes `open`
        build,    ///< makes a catalog that is not in use yet; excludes those who remove abandoned ones
    };

    /// Opens the lock file in `folder`, creating it if needed. Throws Error(not_found) if the folder does not exist.
    explicit CatalogLock(const std::filesystem::path& folder);
    /// One for a catalog in memory.
    static CatalogLock in_memory();

    /// Whether the file is (still) the one in `folder`: another program may have replaced the catalog there.
    bool is_in(const std::filesystem::path& folder) const;

    class Change;

    /// Holds the lock for its lifetime. Waits for others at most as long as LOCKING.md states, then throws Error(io).
    /// Not for two threads of one CatalogLock.
    class Hold {
    public:
        Hold(CatalogLock& lock, Kind kind);
        ~Hold();
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;

    private:
        friend class CatalogLock::Change;
        CatalogLock& lock_;
        Kind kind_;
    };

    /// Takes the lock until this object is destroyed, if no one has it; never waits.
    bool try_keep(Kind kind);

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
    explicit CatalogLock(File file);
    void write_changes(std::uint64_t changes) const;

    File file_;
};

}  // namespace varve
