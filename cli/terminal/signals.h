#pragma once
/// Turns SIGINT and SIGTERM into a request to stop; a second one ends the process at once. Signals that were ignored
/// when the process started (nohup, a background job) stay ignored. SIGPIPE and SIGXFSZ are
/// ignored: a broken pipe and the limit of file sizes are write errors.
/// Construct it once per process, before any other thread.

#include <atomic>
#include <stop_token>
#include <thread>

#include "engine/base/file.h"

namespace varve {

class SignalWatch {
public:
    SignalWatch();
    ~SignalWatch();

    std::stop_token token() const { return stop_.get_token(); }
    /// The signal that asked to stop, or 0.
    int received() const { return received_.load(); }

private:
    void watch();

    std::stop_source stop_;
    std::atomic<int> received_{0};
    UniqueFd signals_;
    UniqueFd closing_;
    std::thread thread_;
};

}  // namespace varve
