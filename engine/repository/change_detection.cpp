#include "engine/repository/change_detection.h"

#include <fmt/format.h>

namespace varve {
namespace {

constexpr std::string_view wrong_prefix = "rescan, as ";
constexpr std::string_view wrong_suffix = " was wrong";

}  // namespace

std::string to_text(const ChangeDetection& detection) {
    switch (detection.how) {
        case ChangeDetection::How::full:
            return "full";
        case ChangeDetection::How::rescan:
            return "rescan";
        case ChangeDetection::How::change_source:
            return detection.source;
        case ChangeDetection::How::wrong_source:
            return fmt::format("{}{}{}", wrong_prefix, detection.source, wrong_suffix);
    }
    return detection.source;
}

ChangeDetection parse_change_detection(std::string_view text) {
    using How = ChangeDetection::How;
    if (text == "full") return {How::full, {}};
    if (text == "rescan") return {How::rescan, {}};
    if (text.size() >= wrong_prefix.size() + wrong_suffix.size() && text.starts_with(wrong_prefix) &&
        text.ends_with(wrong_suffix)) {
        text.remove_prefix(wrong_prefix.size());
        text.remove_suffix(wrong_suffix.size());
        return {How::wrong_source, std::string(text)};
    }
    return {How::change_source, std::string(text)};
}

}  // namespace varve
