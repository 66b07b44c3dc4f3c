#include "cli/render/render_finding.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"

namespace varve {
namespace {

constexpr std::size_t ranges_shown_max = 4;

/// Ascending; ranges that touch or overlap become one.
std::vector<ByteRange> joined(std::vector<ByteRange> ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const ByteRange& a, const ByteRange& b) { return a.begin < b.begin; });
    std::vector<ByteRange> result;
    for (const ByteRange& range : ranges) {
        if (!result.empty() && range.begin <= result.back().end())
            result.back().length = std::max(result.back().end(), range.end()) - result.back().begin;
        else
            result.push_back(range);
    }
    return result;
}

}  // namespace

std::string damage_text(const std::vector<const Finding*>& findings) {
    std::vector<ByteRange> ranges;
    std::string other;
    for (const Finding* finding : findings) {
        if (finding->length != 0)
            ranges.push_back({{finding->offset}, {finding->length}});
        else
            other += fmt::format("{}{}", other.empty() ? "" : "; ", safe_sentence(finding->message));
    }
    ranges = joined(std::move(ranges));
    std::string out;
    for (std::size_t i = 0; i < ranges.size() && i < ranges_shown_max; ++i)
        out +=
            fmt::format("{}{} at offset {}", i == 0 ? "" : ", ", human_size(ranges[i].length), ranges[i].begin.value);
    if (ranges.size() > ranges_shown_max)
        out += fmt::format(" and {}", counted(ranges.size() - ranges_shown_max, "more range"));
    if (out.empty() || other.empty()) return out + other;
    return out + "; " + other;
}

Json findings_json(std::span<const Finding> findings) {
    Json json = Json::array();
    for (const Finding& finding : findings) {
        Json one;
        one["kind"] = to_string(finding.kind);
        one["object"] = text_or_null(finding.object);
        one["snapshot"] = text_or_null(finding.snapshot);
        one["disk"] = text_or_null(finding.disk);
        one["offset"] = finding.offset;
        one["length"] = finding.length;
        one["message"] = safe_sentence(finding.message);
        json.push_back(std::move(one));
    }
    return json;
}

}  // namespace varve
