#include "cli/render/render_verify.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/terminal/human_size.h"
#include "cli/terminal/safe_text.h"

namespace varve {
namespace {

constexpr std::size_t findings_shown_max = 3;

}  // namespace

std::string verify_text(const VerifyReport& report, FindingDetail detail) {
    const std::size_t count = report.findings.size();
    const std::size_t shown = detail == FindingDetail::everything ? count : std::min(count, findings_shown_max);
    std::string out;
    for (std::size_t i = 0; i < shown; ++i) {
        const Finding& f = report.findings[i];
        out += fmt::format("{}: {}\n", to_string(f.kind), safe_sentence(f.message));
    }
    if (shown < count) out += fmt::format("and {} more (--verbose shows all)\n", count - shown);
    return out + fmt::format("checked {} ({}): {}\n", counted(report.checked_chunks, "chunk"),
                             human_size(report.checked_bytes),
                             count == 0 ? "no damage, no difference" : counted(count, "finding"));
}

Json verify_json(const VerifyReport& report) {
    Json json;
    json["checked_chunks"] = report.checked_chunks;
    json["checked_bytes"] = report.checked_bytes.value;
    json["findings"] = Json::array();
    for (const Finding& f : report.findings) {
        Json one;
        one["kind"] = to_string(f.kind);
        one["object"] = f.object;
        one["snapshot"] = f.snapshot;
        one["disk"] = f.disk;
        one["offset"] = f.offset;
        one["length"] = f.length;
        one["message"] = safe_sentence(f.message);
        json["findings"].push_back(std::move(one));
    }
    return json;
}

}  // namespace varve
