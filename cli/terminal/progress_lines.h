#pragma once
/// A job's progress as JSON for `--progress json`: one object per line on standard error (cli/JSON.md). A line when a
/// phase begins and, unless nothing was done, when it ends, and at most one a second between. For one thread at a time.

#include <chrono>
#include <string>
#include <string_view>

#include "engine/base/units.h"

namespace varve {

class ProgressLines {
public:
    /// Ends the phase before. A total of 0 is unknown.
    void begin(std::string_view phase, ByteCount total);
    void advance(ByteCount done);
    /// Prints what advance() held back.
    void end();

    /// What the phases from here on are about: the disk, its number from 1 on, and of how many.
    void show_subject(std::string_view disk, std::size_t number, std::size_t count);

private:
    using Clock = std::chrono::steady_clock;
    void print(Clock::time_point now);

    std::string disk_;  ///< empty: the job has not named one
    std::size_t number_ = 0;
    std::size_t count_ = 0;
    std::string phase_;
    ByteCount total_;
    ByteCount done_;
    ByteCount printed_done_;
    Clock::time_point began_;
    Clock::time_point printed_at_;
};

}  // namespace varve
