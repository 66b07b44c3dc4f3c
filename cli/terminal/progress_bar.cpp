#include "cli/terminal/progress_bar.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/terminal/display_width.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"

namespace varve {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(100);
constexpr std::size_t bar_columns_max = 24;
constexpr std::size_t bar_columns_min = 8;
constexpr std::size_t name_columns_min = 12;

std::size_t terminal_columns() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

std::string time_left(ByteCount done, ByteCount total, double seconds) {
    if (done.value == 0 || seconds < 0.5) return "";
    const double left = seconds * static_cast<double>(total.value - done.value) / static_cast<double>(done.value);
    return fmt::format("{} left", human_seconds(left));
}

/// The parts that are not empty, with two blanks between them.
std::string joined(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts)
        if (!part.empty()) out += (out.empty() ? "" : "  ") + part;
    return out;
}

std::string fitted(const std::vector<std::string>& parts, std::size_t columns) {
    return shortened(joined(parts), columns);
}

}  // namespace

std::string progress_line(std::string_view phase, ByteCount done, ByteCount total, double seconds,
                          std::size_t columns) {
    if (columns < 2) return "";
    done = total.value == 0 ? done : std::min(done, total);
    const auto rate = static_cast<std::uint64_t>(seconds > 0 ? static_cast<double>(done.value) / seconds : 0);
    const std::string speed = fmt::format("{}/s", human_size({rate}));
    if (total.value == 0) return fitted({std::string(phase), human_size(done), speed}, columns - 1);
    const double share = static_cast<double>(done.value) / static_cast<double>(total.value);
    const std::string percent = fmt::format("{:3.0f} %", share * 100);
    const std::string amounts = fmt::format("{} of {}", human_size(done), human_size(total));
    const std::string left = time_left(done, total, seconds);
    // Less and less, the most useful part last, until the bar fits as well.
    const std::vector<std::vector<std::string>> choices{
        {percent, amounts, speed, left}, {percent, speed, left}, {percent, left}, {percent}};
    const std::string name = shortened(phase, columns > name_columns_min * 3 ? columns / 3 : name_columns_min);
    for (const auto& choice : choices) {
        const std::string numbers = joined(choice);
        const std::size_t taken = display_columns(name) + 2 + numbers.size();
        if (taken + 4 + bar_columns_min > columns - 1) continue;
        const std::size_t length = std::min(bar_columns_max, columns - 1 - taken - 4);
        const auto filled = static_cast<std::size_t>(share * static_cast<double>(length));
        return fmt::format("{}  [{}{}]  {}", name, std::string(filled, '#'), std::string(length - filled, '.'),
                           numbers);
    }
    return fitted({name, percent}, columns - 1);
}

ProgressBar::ProgressBar(Console& console, BarMode mode)
    : console_(console),
      is_shown_(mode == BarMode::when_terminal && console.progress_output() == ProgressOutput::bar &&
                console.err_is_terminal() && console.verbosity() != Verbosity::quiet) {
    if (console.progress_output() == ProgressOutput::lines) lines_.emplace();
}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::begin(std::string_view phase, ByteCount total) {
    const std::lock_guard lock(mutex_);
    if (lines_) lines_->begin(phase, total);
    phase_ = safe_sentence(about_.empty() ? std::string(phase) : fmt::format("{} {}", phase, about_));
    total_ = total;
    done_ = {};
    began_ = Clock::now();
    drawn_ = {};
    if (is_shown_) draw(began_);
}

void ProgressBar::advance(ByteCount done) {
    const std::lock_guard lock(mutex_);
    if (lines_) lines_->advance(done);
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

void ProgressBar::show_subject(std::string_view name, std::size_t number, std::size_t count) {
    const std::lock_guard lock(mutex_);
    if (lines_) lines_->show_subject(name, number, count);
    about_ = count > 1 ? fmt::format("{} ({} of {})", name, number, count) : std::string(name);
}

void ProgressBar::clear() {
    const std::lock_guard lock(mutex_);
    if (lines_) lines_->end();
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
