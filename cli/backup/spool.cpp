#include "cli/backup/spool.h"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/nameless_file.h"

namespace varve {
namespace {

constexpr std::size_t buffer_bytes = 1 << 20;
constexpr int poll_interval_ms = 200;  // how long a request to stop may go unnoticed

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

}  // namespace

File spool(int fd, const std::filesystem::path& folder, Progress& progress, const std::stop_token& stop) {
    File file = open_nameless_file(folder, "standard input");
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
    if (end.value == 0) throw Error(ErrorCode::refused, "standard input is empty; expected a disk image");
    file.truncate({end.value});
    return file;
}

}  // namespace varve
