#include "cli/backup/spool.h"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/interrupted_calls.h"
#include "engine/base/nameless_file.h"
#include "engine/base/number_text.h"

namespace varve {
namespace {

constexpr std::size_t buffer_bytes = 1 << 20;
constexpr int poll_interval_ms = 200;  // how long a request to stop may go unnoticed

/// Fills `out` as far as the input goes; less only at its end.
std::size_t read_input(int fd, const std::string& shown, ByteSpan out, const std::stop_token& stop) {
    std::size_t done = 0;
    while (done < out.size()) {
        throw_if_stopped(stop);
        pollfd waiting{fd, POLLIN, 0};
        if (::poll(&waiting, 1, poll_interval_ms) == 0) continue;
        const ssize_t got = ::read(fd, out.data() + done, out.size() - done);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) throw io_error("cannot read " + shown, errno);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

/// A pipe that this process has open already (process substitution) is not opened again: its writer may be gone. Does
/// not wait for the writer of a named pipe: poll() does, and can be interrupted.
UniqueFd open_pipe(const std::string& name) {
    for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
        if (!name.starts_with(folder)) continue;
        if (const auto number = parse_number<int>(std::string_view(name).substr(folder.size())))
            if (UniqueFd fd(::fcntl(*number, F_DUPFD_CLOEXEC, 0)); fd) return fd;
    }
    UniqueFd fd(retry_interrupted([&] { return ::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }));
    if (!fd) throw io_error(fmt::format("cannot open '{}'", name), errno);
    return fd;
}

}  // namespace

File spool(const std::string& name, const std::filesystem::path& folder, Progress& progress,
           const std::stop_token& stop) {
    const UniqueFd pipe = name == "-" ? UniqueFd() : open_pipe(name);
    const int fd = pipe ? pipe.get() : STDIN_FILENO;
    const std::string shown = pipe ? fmt::format("'{}'", name) : "standard input";
    File file = open_nameless_file(folder, shown);
    Bytes buffer(buffer_bytes);
    ByteOffset end;
    progress.begin("reading " + shown, {0});
    for (;;) {
        const std::size_t count = read_input(fd, shown, buffer, stop);
        write_sparsely(file, end, ByteView(buffer).first(count));
        end += {count};
        progress.advance({end.value});
        if (count < buffer.size()) break;
    }
    if (end.value == 0) throw Error(ErrorCode::refused, shown + " is empty; expected a disk image");
    file.truncate({end.value});
    return file;
}

}  // namespace varve
