#pragma once
/// Turns SIGINT and SIGTERM into a request to stop; a second one ends the process at once. Signals that the caller had
/// ignored (nohup, a background job) stay ignored. SIGPIPE is ignored: a broken pipe is an error of the write.
/// To be made before any other thread, once a process.

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
