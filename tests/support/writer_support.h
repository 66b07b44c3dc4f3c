#pragma once
/// Shared by the writer tests: a scratch folder, real tools as oracles, and a child process in which a system call is
/// missing or a signal arrives.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace varve::writer_test {

/// A separate folder, removed with its contents at the end.
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

/// Runs a program with arguments, without a shell.
ToolResult run_tool(const std::vector<std::string>& arguments);

/// Where two contents begin to differ (the end of the shorter one counts), for readable failures.
std::optional<std::uint64_t> first_difference(ByteView a, ByteView b);

Bytes read_file(const std::string& path);
void write_file(const std::string& path, ByteView bytes);
/// The space that the file uses on its file system, in bytes.
std::uint64_t allocated_bytes(const std::string& path);

/// Runs `body` in a forked child; its exit status (0 for true, 1 for false, 2 for an exception), or −signal.
int in_child(const std::function<bool()>& body);

/// For a child: from now on these calls fail as they do on a system or file system without them.
void lose_o_tmpfile();
void lose_renameat2();
void lose_ofd_locks();
void lose_linkat();
/// For a child: fsync of this descriptor fails, as on a broken medium.
void lose_fsync_of(int fd);

}  // namespace varve::writer_test
