#include "cli/render/render_compare.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/table.h"

namespace varve {
namespace {

std::string size_with_bytes(ByteCount bytes) {
    return bytes.value < 1024 ? human_size(bytes) : fmt::format("{} ({} bytes)", human_size(bytes), bytes.value);
}

/// "; B is 1.0 MiB larger", and whether there is data in the excess; empty for equal sizes.
std::string excess_text(const CompareReport& r) {
    if (r.size_a == r.size_b) return "";
    const bool b_is_larger = r.size_b > r.size_a;
    const ByteCount excess = b_is_larger ? r.size_b - r.size_a : r.size_a - r.size_b;
    return fmt::format("{} is {} larger, {}", b_is_larger ? "B" : "A", size_with_bytes(excess),
                       r.has_data_in_excess ? "with data there" : "and zero there");
}

std::string sentence(const CompareReport& r) {
    const std::string excess = excess_text(r);
    if (r.same()) return fmt::format("the images are the same: {}\n", size_with_bytes(r.size_a));
    if (r.same_content()) return fmt::format("the same content, but not the same size: {}\n", excess);
    return fmt::format("the images differ: first at byte {}, {} in {}{}\n", r.first_difference->value,
                       human_size(r.bytes_differing), counted(r.ranges_differing, "range"),
                       excess.empty() ? "" : "; " + excess);
}

std::string ranges_text(const CompareReport& r) {
    if (r.ranges.empty()) return "";
    Table table({{"OFFSET", Table::Align::right}, {"LENGTH", Table::Align::right}});
    for (const ByteRange& range : r.ranges)
        table.add({std::to_string(range.begin.value), std::to_string(range.length.value)});
    const std::uint64_t left_out = r.ranges_differing - r.ranges.size();
    return table.text() + (left_out == 0 ? "" : fmt::format("and {} more\n", left_out));
}

Json excess_json(const CompareReport& r) {
    if (r.size_a == r.size_b) return nullptr;
    return r.has_data_in_excess ? "data" : "zero";
}

}  // namespace

std::string compare_text(const CompareReport& report, CompareText detail) {
    return (detail == CompareText::with_ranges ? ranges_text(report) : "") + sentence(report);
}

Json compare_json(const CompareReport& report, const ImageReader& a, const ImageReader& b,
                  std::chrono::nanoseconds duration) {
    Json json;
    json["same"] = report.same();
    json["same_content"] = report.same_content();
    json["format_a"] = a.info().format;
    json["format_b"] = b.info().format;
    json["size_a"] = report.size_a.value;
    json["size_b"] = report.size_b.value;
    json["excess"] = excess_json(report);
    json["first_difference"] = report.first_difference ? Json(report.first_difference->value) : Json(nullptr);
    json["bytes_differing"] = report.bytes_differing.value;
    json["ranges_differing"] = report.ranges_differing;
    json["ranges"] = Json::array();
    for (const ByteRange& range : report.ranges) {
        Json one;
        one["offset"] = range.begin.value;
        one["length"] = range.length.value;
        json["ranges"].push_back(std::move(one));
    }
    json["bytes_read"] = (a.bytes_read() + b.bytes_read()).value;
    json["seconds"] = json_seconds(duration);
    return json;
}

}  // namespace varve
