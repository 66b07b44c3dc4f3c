#pragma once
/// What the writer tests share: a scratch folder, real tools as oracles, and a child process in which the system lacks
/// a call or a signal strikes.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace varve::writer_test {

/// A folder of its own, removed with all in it at the end.
class ScratchFolder {
public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::string file(const std::string& name) const { return (path_ / name).string(); }
    /// The sorted names of everything in it, hidden ones too.
    std::vector<std::string> names() const;

private:
    std::filesystem::path path_;
};

struct ToolResult {
    int status = 0;      ///< exit status; -1 after a signal
    std::string output;  ///< stdout and stderr
};

/// Runs a program with arguments, no shell between.
ToolResult run_tool(const std::vector<std::string>& arguments);

/// Where two contents begin to differ (the end of the shorter one counts), for failures that a person can read.
std::optional<std::uint64_t> first_difference(ByteView a, ByteView b);

Bytes read_file(const std::string& path);
void write_file(const std::string& path, ByteView bytes);
/// Bytes that the file takes on its file system.
std::uint64_t allocated_bytes(const std::string& path);

/// Runs `body` in a forked child; its exit status (0 for true, 1 for false, 2 for an exception), or −signal.
int in_child(const std::function<bool()>& body);

/// For a child: from now on these calls fail as on a system or file system without them.
void lose_o_tmpfile();
void lose_renameat2();
void lose_ofd_locks();
void lose_linkat();
/// fsync of this descriptor fails: the medium is broken.
void lose_fsync_of(int fd);

}  // namespace varve::writer_test
