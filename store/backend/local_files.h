#pragma once
/// What the local backend needs from a file system, and no more, so that tests can substitute one that forgets what was
/// not synced. All names are relative to one folder, the root, and joined by '/'; "" is the root itself. A symbolic
/// link below the root is never followed: it is Error(refused). Failures are Error(io). Safe to use from many threads.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

/// A new file that has no name yet (or one under tmp/); destroying it without a link removes it. For one thread.
class UnnamedFile {
public:
    virtual ~UnnamedFile() = default;
    virtual void append(ByteView bytes) = 0;
    /// After this returns, the bytes appended so far survive a crash.
    virtual void sync() = 0;
    /// Gives it `name`, in an existing folder, if that is free; false if it is taken. Durable only after sync_folder()
    /// for that folder.
    virtual bool link(const std::string& name) = 0;
};

/// An existing file, open for reading. Remains readable after its name was removed.
class ReadableFile {
public:
    virtual ~ReadableFile() = default;
    virtual ByteCount size() const = 0;
    /// Reads up to out.size() bytes; fewer only at the end of the file.
    virtual std::size_t read_some(ByteOffset at, ByteSpan out) const = 0;
};

struct FolderEntry {
    std::string name;  ///< the last part only
    bool is_folder = false;
};

class LocalFiles {
public:
    virtual ~LocalFiles() = default;

    /// Path of `name`, for error texts.
    virtual std::string locate(std::string_view name) const = 0;

    virtual std::unique_ptr<UnnamedFile> create_unnamed() = 0;
    /// nullptr if there is no such file.
    virtual std::unique_ptr<ReadableFile> open(const std::string& name) const = 0;
    /// Makes a folder (0700) in an existing one; false if it exists. Durable only after a sync of its parent.
    virtual bool make_folder(const std::string& name) = 0;
    /// After this returns, the names in `folder` survive a crash.
    virtual void sync_folder(const std::string& folder) = 0;
    /// In no particular order; empty if there is no such folder.
    virtual std::vector<FolderEntry> list_folder(const std::string& folder) const = 0;
    /// False if there is no such file.
    virtual bool unlink(const std::string& name) = 0;
    /// Removes what killed writers left under tmp/: files that no writer has locked and whose last write is older than
    /// `age`.
    virtual void remove_stale(std::chrono::seconds age) = 0;
};

}  // namespace varve
