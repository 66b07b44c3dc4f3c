#pragma once
/// POSIX files that read and write in full. Every failure is Error(io) that names the path. Reading at offsets is safe
/// from many threads; the rest is for one thread at a time.

#include <sys/types.h>
#include <filesystem>
#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

/// Owns a file descriptor; closes it, ignoring errors (a caller that needs durability calls sync first).
class UniqueFd {
public:
    UniqueFd() = default;
    explicit UniqueFd(int fd) : fd_(fd) {}
    ~UniqueFd();
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept;

    int get() const { return fd_; }
    int release();
    explicit operator bool() const { return fd_ >= 0; }

private:
    int fd_ = -1;
};

/// Equal for two names of the same file.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    friend auto operator<=>(const FileIdentity&, const FileIdentity&) = default;
};

enum class FileKind { regular, block_device, other };

/// A run of a file that is a hole or data, as the file system reports it (lseek SEEK_HOLE/SEEK_DATA).
struct FileRun {
    ByteRange range;
    bool is_hole = false;
};

class File {
public:
    File(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    /// `flags` are open(2)'s; O_CLOEXEC is added. Throws Error(not_found) for a file that does not exist.
    static File open(const std::string& path, int flags, mode_t mode = 0600);

    /// The bytes of `range` as a file of their own, for reading: offset 0 is where the range begins, and nothing
    /// outside the range is accessible. Kind, identity and everything about fd() are those of this file, which may be
    /// closed afterwards. Error texts call the window `path`. Throws Error(corrupt) for a range that reaches past the
    /// end.
    File window(ByteRange range, std::string path) const;

    int fd() const { return fd_.get(); }
    const std::string& path() const { return path_; }
    /// Where offset 0 is in the file behind fd(): 0 except for a window.
    ByteOffset begin() const { return begin_; }

    /// Size in bytes: of a regular file, of the device behind a block device, or of the window as created.
    ByteCount size() const;
    FileKind kind() const;
    FileIdentity identity() const;

    /// Fills `out` or throws; a file that ends earlier is Error(corrupt) with offset and lengths.
    void read_exactly(ByteOffset at, ByteSpan out) const;
    /// Reads up to out.size() bytes; it reads fewer only at the end of the file.
    std::size_t read_some(ByteOffset at, ByteSpan out) const;
    void write_all(ByteOffset at, ByteView bytes) const;
    void truncate(ByteCount size) const;
    /// fsync: data and metadata are on stable storage when it returns.
    void sync() const;

    /// The run that begins at `at` (which must be below the size); never empty, ends at or before the size. A file
    /// system without this information reports one data run.
    FileRun run_at(ByteOffset at) const;

private:
    std::size_t readable(ByteOffset at, std::size_t wanted) const;

    UniqueFd fd_;
    std::string path_;
    ByteOffset begin_;
    std::optional<ByteCount> length_;  ///< of a window; nullopt: up to the end of the file
};

/// fsync of a folder, so that the names in it survive a crash.
void sync_folder(const std::filesystem::path& folder);

}  // namespace varve
