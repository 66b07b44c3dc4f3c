#pragma once
/// What the local backend needs of a file system, and no more, so that a test can put one in its place that forgets
/// what was not synced. All names are relative to one folder, the root, and joined by '/'; "" is the root itself. A
/// symbolic link under the root is never followed: it is Error(refused). Failures are Error(io). Safe from many
/// threads.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

/// A new file that has no name yet (or one under tmp/); destroyed without a link it is gone. For one thread.
class UnnamedFile {
public:
    virtual ~UnnamedFile() = default;
    virtual void append(ByteView bytes) = 0;
    /// The bytes appended so far survive a crash once this returned.
    virtual void sync() = 0;
    /// Gives it `name`, in an existing folder, if that is free; false when it is taken. Durable only after a
    /// sync_folder of that folder.
    virtual bool link(const std::string& name) = 0;
};

/// An existing file, open for reading. Stays readable after its name was removed.
class ReadableFile {
public:
    virtual ~ReadableFile() = default;
    virtual ByteCount size() const = 0;
    /// Reads up to out.size() bytes; less only at the end of the file.
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
    /// nullptr when there is no such file.
    virtual std::unique_ptr<ReadableFile> open(const std::string& name) const = 0;
    /// Makes a folder (0700) in an existing one; false when it is there. Durable only after a sync of its parent.
    virtual bool make_folder(const std::string& name) = 0;
    /// The names in `folder` survive a crash once this returned.
    virtual void sync_folder(const std::string& folder) = 0;
    /// In no order; empty when there is no such folder.
    virtual std::vector<FolderEntry> list_folder(const std::string& folder) const = 0;
    /// False when there is no such file.
    virtual bool unlink(const std::string& name) = 0;
    /// Removes what killed writers left under tmp/, if nobody has it open and it was last written before `age` ago.
    virtual void remove_stale(std::chrono::seconds age) = 0;
};

}  // namespace varve
