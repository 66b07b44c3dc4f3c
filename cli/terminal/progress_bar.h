#pragma once
/// Shows a job's progress as one line at the bottom of a terminal: phase, share, rate, time left. Where standard error
/// is not a terminal, or with --quiet or --json, it shows nothing; with --progress json it prints progress_lines.h
/// instead. Warnings are always shown. Called from one thread of a job at a time; redraws at most ten times a second.

#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "cli/terminal/console.h"
#include "cli/terminal/progress_lines.h"
#include "engine/base/progress.h"

namespace varve {

enum class BarMode { when_terminal, never };

class ProgressBar final : public Progress {
public:
    ProgressBar(Console& console, BarMode mode);
    /// Wipes the line.
    ~ProgressBar() override;

    void begin(std::string_view phase, ByteCount total) override;
    void advance(ByteCount done) override;
    void warn(std::string_view sentence) override;

    /// What the phases from here on are about: "web01/vda (2 of 3)"; the number only when there are several.
    void show_subject(std::string_view name, std::size_t number, std::size_t count);

    /// Wipes the line, or ends the phase, so that something else can be printed.
    void clear();

private:
    using Clock = std::chrono::steady_clock;
    void wipe();
    void draw(Clock::time_point now);

    Console& console_;
    bool is_shown_;
    std::optional<ProgressLines> lines_;
    std::mutex mutex_;
    std::string about_;
    std::string phase_;
    ByteCount total_;
    ByteCount done_;
    Clock::time_point began_;
    Clock::time_point drawn_;
    bool is_on_screen_ = false;
};

/// The line for a terminal of `columns` columns, which it never fills. In a narrow one the name, the amounts and the
/// bar shrink; the bar is there from 40 columns on. A total of 0 is unknown: then without share and time left.
std::string progress_line(std::string_view phase, ByteCount done, ByteCount total, double seconds, std::size_t columns);

}  // namespace varve
