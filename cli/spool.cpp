#include "cli/spool.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace varve {
namespace {

constexpr std::size_t block_bytes = 4096;
constexpr std::size_t buffer_bytes = 256 * block_bytes;
constexpr int poll_interval_ms = 200;  // how long a request to stop may go unseen

std::filesystem::path spool_folder(const std::filesystem::path& folder) {
    const char* variable = std::getenv("TMPDIR");
    if (variable != nullptr && *variable != '\0') return variable;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        throw io_error(fmt::format("cannot create the folder '{}' for standard input", folder.string()), error.value());
    return folder;
}

/// An open file without a name, readable and writable by its owner alone.
File open_nameless_file(const std::filesystem::path& folder) {
    const std::string shown = fmt::format("standard input (kept in {})", folder.string());
    UniqueFd fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!fd) {  // a file system without O_TMPFILE
        std::string name = (folder / ".varve-stdin-XXXXXX").string();
        fd = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
        if (!fd)
            throw io_error(
                fmt::format("cannot keep standard input in '{}'; name another folder with TMPDIR", folder.string()),
                errno);
        ::unlink(name.c_str());
    }
    return {std::move(fd), shown};
}

/// Fills `out` as far as the input goes; less only at its end.
std::size_t read_input(int fd, ByteSpan out, const std::stop_token& stop) {
    std::size_t done = 0;
    while (done < out.size()) {
        throw_if_stopped(stop);
        pollfd waiting{fd, POLLIN, 0};
        if (::poll(&waiting, 1, poll_interval_ms) == 0) continue;
        const ssize_t got = ::read(fd, out.data() + done, out.size() - done);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) throw io_error("cannot read standard input", errno);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

/// Writes the blocks that are not zero.
void write_sparsely(const File& file, ByteOffset at, ByteView bytes) {
    while (!bytes.empty()) {
        const ByteView block = bytes.first(std::min(block_bytes, bytes.size()));
        if (!is_zero(block)) file.write_all(at, block);
        at += {block.size()};
        bytes = bytes.subspan(block.size());
    }
}

}  // namespace

File spool(int fd, const std::filesystem::path& folder, Progress& progress, const std::stop_token& stop) {
    File file = open_nameless_file(spool_folder(folder));
    Bytes buffer(buffer_bytes);
    ByteOffset end;
    progress.begin("reading standard input", {0});
    for (;;) {
        const std::size_t count = read_input(fd, buffer, stop);
        write_sparsely(file, end, ByteView(buffer).first(count));
        end += {count};
        progress.advance({end.value});
        if (count < buffer.size()) break;
    }
    if (end.value == 0) throw Error(ErrorCode::refused, "standard input was empty: a disk image was expected there");
    file.truncate({end.value});
    return file;
}

}  // namespace varve
