#include "cli/terminal/progress_lines.h"

#include <algorithm>
#include <cstdio>

#include "cli/terminal/json.h"

namespace varve {
namespace {

constexpr auto line_interval = std::chrono::seconds(1);

}  // namespace

void ProgressLines::begin(std::string_view phase, ByteCount total) {
    end();
    phase_ = phase;
    total_ = total;
    done_ = {};
    began_ = Clock::now();
    print(began_);
}

void ProgressLines::advance(ByteCount done) {
    done_ = total_.value == 0 ? done : std::min(done, total_);
    const auto now = Clock::now();
    if (now - printed_at_ >= line_interval) print(now);
}

void ProgressLines::end() {
    if (!phase_.empty() && done_ != printed_done_) print(Clock::now());
}

void ProgressLines::show_subject(std::string_view disk, std::size_t number, std::size_t count) {
    end();
    phase_.clear();
    disk_ = disk;
    number_ = number;
    count_ = count;
}

void ProgressLines::print(Clock::time_point now) {
    Json json;
    json["type"] = "progress";
    json["phase"] = phase_;
    json["disk"] = text_or_null(disk_);
    json["disk_number"] = disk_.empty() ? Json(nullptr) : Json(number_);
    json["disk_count"] = disk_.empty() ? Json(nullptr) : Json(count_);
    json["bytes_done"] = done_.value;
    json["bytes_total"] = total_.value == 0 ? Json(nullptr) : Json(total_.value);
    json["seconds"] = json_seconds(now - began_);
    std::fputs(json_line(json).c_str(), stderr);
    std::fflush(stderr);
    printed_at_ = now;
    printed_done_ = done_;
}

}  // namespace varve
