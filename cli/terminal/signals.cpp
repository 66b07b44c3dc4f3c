#include "cli/terminal/signals.h"

#include <array>
#include <cerrno>
#include <csignal>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "engine/base/error.h"

namespace varve {
namespace {

sigset_t watched_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM}) {
        struct sigaction action {};
        if (::sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(&set, signal);
    }
    return set;
}

}  // namespace

SignalWatch::SignalWatch() {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    const sigset_t set = watched_signals();
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = UniqueFd(::signalfd(-1, &set, SFD_CLOEXEC));
    closing_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
    if (!signals_ || !closing_) throw io_error("cannot watch for signals", errno);
    thread_ = std::thread([this] { watch(); });
}

SignalWatch::~SignalWatch() {
    const std::uint64_t one = 1;
    if (::write(closing_.get(), &one, sizeof one) == sizeof one)
        thread_.join();
    else
        thread_.detach();
}

void SignalWatch::watch() {
    std::array<pollfd, 2> waiting{{{signals_.get(), POLLIN, 0}, {closing_.get(), POLLIN, 0}}};
    for (;;) {
        if (::poll(waiting.data(), waiting.size(), -1) < 0 && errno != EINTR) return;
        if (waiting[1].revents != 0) return;
        if (waiting[0].revents == 0) continue;
        signalfd_siginfo info{};
        if (::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
        const int signal = static_cast<int>(info.ssi_signo);
        if (received_.exchange(signal) != 0) ::_exit(128 + signal);
        stop_.request_stop();
    }
}

}  // namespace varve
