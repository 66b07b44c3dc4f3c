#include "cli/backup/clock_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/render/render_snapshot.h"
#include "cli/terminal/human_size.h"
#include "engine/base/error.h"

namespace varve {
namespace {

constexpr TimeNs clocks_differ_max = 5 * 60 * ns_per_second;

/// "2:00:00 h", "412 days".
std::string span_text(TimeNs span) {
    constexpr TimeNs day = 24 * 3600 * ns_per_second;
    if (span >= 2 * day) return counted(static_cast<std::uint64_t>(span / day), "day");
    return human_seconds(static_cast<double>(span) / static_cast<double>(ns_per_second));
}

}  // namespace

void refuse_time_ahead(TimeNs time, TimeNs now) {
    if (time - now <= clocks_differ_max) return;
    throw Error(ErrorCode::usage,
                fmt::format("--time {} lies {} ahead of this host's clock, which shows {}; correct it, or pass --force "
                            "if it is right",
                            format_local(time), span_text(time - now), format_local(now)));
}

void warn_of_time_ahead(const BackupRequest& request, TimeNs now, Progress& progress) {
    if (request.source.snapshot.empty() || request.time - now <= clocks_differ_max) return;
    progress.warn(
        fmt::format("the internal snapshot '{}' of '{}' has the time {}, {} ahead of this host's clock: it is "
                    "kept with that time, and 'varve list' marks it; {}@latest stays the disk itself",
                    request.source.snapshot, request.source.path, format_local(request.time),
                    span_text(request.time - now), request.disk));
}

void warn_of_clock_behind(const Catalog& catalog, const BackupRequest& request, Progress& progress) {
    const auto former = catalog.last_snapshots(request.disk, 1);
    const auto is_later = [&](const ListedSnapshot& s) { return s.record.time > request.time; };
    const auto later = std::ranges::find_if(former, is_later);
    if (later == former.end()) return;
    progress.warn(
        fmt::format("this host's clock shows {}, but the repository already has {}: one of the two clocks was "
                    "wrong; {}@latest is what this backup reads",
                    format_local(request.time), title_of(later->record), request.disk));
}

}  // namespace varve
