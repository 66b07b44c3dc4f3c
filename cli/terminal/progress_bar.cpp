#include "cli/terminal/progress_bar.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"

namespace varve {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);

std::size_t terminal_columns() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

std::string time_left(ByteCount done, ByteCount total, double seconds) {
    if (done.value == 0 || seconds < 0.5) return "";
    const double left = seconds * static_cast<double>(total.value - done.value) / static_cast<double>(done.value);
    return fmt::format("  {} left", human_seconds(left));
}

}  // namespace

std::string progress_line(std::string_view phase, ByteCount done, ByteCount total, double seconds,
                          std::size_t columns) {
    done = total.value == 0 ? done : std::min(done, total);
    const auto rate = static_cast<std::uint64_t>(seconds > 0 ? static_cast<double>(done.value) / seconds : 0);
    std::string line;
    if (total.value == 0) {
        line = fmt::format("{}  {}  {}/s", phase, human_size(done), human_size({rate}));
    } else {
        const double share = static_cast<double>(done.value) / static_cast<double>(total.value);
        const std::string numbers = fmt::format("{:3.0f} %  {} of {}  {}/s{}", share * 100, human_size(done),
                                                human_size(total), human_size({rate}), time_left(done, total, seconds));
        constexpr std::size_t bar_columns = 24;
        const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar_columns));
        const std::string bar =
            fmt::format("[{}{}]  ", std::string(filled, '#'), std::string(bar_columns - filled, '.'));
        const bool fits = phase.size() + bar.size() + numbers.size() + 3 <= columns;
        line = fmt::format("{}  {}{}", phase, fits ? bar : "", numbers);
    }
    if (line.size() >= columns) line.resize(columns > 0 ? columns - 1 : 0);
    return line;
}

ProgressBar::ProgressBar(Console& console, BarMode mode)
    : console_(console),
      is_shown_(mode == BarMode::when_terminal && console.err_is_terminal() &&
                console.verbosity() != Verbosity::quiet) {}

ProgressBar::~ProgressBar() { wipe(); }

void ProgressBar::begin(std::string_view phase, ByteCount total) {
    const std::lock_guard lock(mutex_);
    phase_ = safe_sentence(phase);
    total_ = total;
    done_ = {};
    began_ = Clock::now();
    drawn_ = {};
    if (is_shown_) draw(began_);
}

void ProgressBar::advance(ByteCount done) {
    const std::lock_guard lock(mutex_);
    done_ = done;
    if (!is_shown_) return;
    const auto now = Clock::now();
    if (now - drawn_ >= redraw_interval) draw(now);
}

void ProgressBar::warn(std::string_view sentence) {
    const std::lock_guard lock(mutex_);
    wipe();
    console_.warn(sentence);
}

void ProgressBar::clear() {
    const std::lock_guard lock(mutex_);
    wipe();
}

void ProgressBar::wipe() {
    if (!is_on_screen_) return;
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    is_on_screen_ = false;
}

void ProgressBar::draw(Clock::time_point now) {
    const double seconds = std::chrono::duration<double>(now - began_).count();
    const std::string line = progress_line(phase_, done_, total_, seconds, terminal_columns());
    std::fputs(("\r" + line + "\x1b[K").c_str(), stderr);
    std::fflush(stderr);
    drawn_ = now;
    is_on_screen_ = true;
}

}  // namespace varve
