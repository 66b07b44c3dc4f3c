#pragma once
/// How a job reports what it does and learns that it should stop. The core never prints: it passes facts to this
/// interface. Methods may be called from any thread of the job, one at a time.

#include <stop_token>
#include <string_view>

#include "engine/base/units.h"

namespace varve {

class Progress {
public:
    virtual ~Progress() = default;

    /// A phase begins: a present participle ("reading", "verifying") and how many bytes it will process.
    virtual void begin(std::string_view phase, ByteCount total) = 0;
    /// `done` bytes of the phase have been processed so far.
    virtual void advance(ByteCount done) = 0;
    /// One sentence that the user should see, now and in the report.
    virtual void warn(std::string_view sentence) = 0;
};

/// Ignores all reports.
class NoProgress final : public Progress {
public:
    void begin(std::string_view, ByteCount) override {}
    void advance(ByteCount) override {}
    void warn(std::string_view) override {}
};

/// Throws Error(cancelled) once a stop was requested.
void throw_if_stopped(const std::stop_token& stop);

}  // namespace varve
