#include "formats/output/output_stream.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/interrupted_calls.h"

namespace varve {
namespace {

/// Blocks SIGPIPE in this thread during its lifetime: a write to a pipe without a reader then only fails with EPIPE.
class SigpipeBlock {
public:
    SigpipeBlock() {
        ::sigemptyset(&sigpipe_);
        ::sigaddset(&sigpipe_, SIGPIPE);
        ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    }
    ~SigpipeBlock() {
        if (raised_) {
            constexpr timespec at_once{};
            while (::sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
            }
        }
        ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    SigpipeBlock(const SigpipeBlock&) = delete;
    SigpipeBlock& operator=(const SigpipeBlock&) = delete;

    /// Notes that a write failed with EPIPE: the destructor then consumes the pending signal.
    void note_raised() { raised_ = true; }

private:
    sigset_t sigpipe_{};
    sigset_t before_{};
    bool raised_ = false;
};

void wait_until_writable(int fd) {
    pollfd waiting{fd, POLLOUT, 0};
    ::poll(&waiting, 1, -1);
}

class OutputStream final : public Output {
public:
    OutputStream(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}

    void resize(ByteCount) override {}
    void write(ByteOffset at, ByteView bytes) override;
    bool is_sequential() const override { return true; }
    void zero(ByteRange range) override { write_zeros(*this, range); }
    void commit() override;
    ByteCount bytes_written() const override { return sent_; }

private:
    std::size_t send_some(ByteView bytes);

    int fd_;
    std::string name_;
    ByteCount sent_;
};

void OutputStream::write(ByteOffset at, ByteView bytes) {
    VARVE_CHECK(at.value == sent_.value);
    while (!bytes.empty()) {
        const std::size_t put = send_some(bytes);
        bytes = bytes.subspan(put);
        sent_ += {put};
    }
}

/// The number of bytes that the stream took; 0 to try again.
std::size_t OutputStream::send_some(ByteView bytes) {
    SigpipeBlock block;
    const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
    if (put >= 0) return static_cast<std::size_t>(put);
    const int error_number = errno;
    if (error_number == EINTR) return 0;
    if (error_number == EAGAIN) {
        wait_until_writable(fd_);
        return 0;
    }
    if (error_number == EPIPE) {
        block.note_raised();
        throw Error(ErrorCode::io,
                    fmt::format("{}: the program that reads it went away after {} bytes: the image is cut off", name_,
                                sent_.value));
    }
    throw io_error(fmt::format("cannot write to {} at byte {}", name_, sent_.value), error_number);
}

void OutputStream::commit() {
    if (retry_interrupted([&] { return ::fsync(fd_); }) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS)
        return;  // a pipe has nothing to sync
    throw io_error(fmt::format("cannot sync {}", name_), errno);
}

}  // namespace

std::unique_ptr<Output> output_stream(int fd, std::string name, const TargetRules& rules) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw io_error(fmt::format("cannot use {}", name), errno);
    if (::isatty(fd) == 1)
        throw Error(ErrorCode::refused, fmt::format("{} is a terminal: send the image to a file or a pipe", name));
    refuse_forbidden(name, status, rules);
    return std::make_unique<OutputStream>(fd, std::move(name));
}

}  // namespace varve
