#pragma once
/// What `forget` did, or would do, as text for people and as JSON.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/render/render_prune.h"
#include "cli/render/render_snapshot.h"
#include "cli/terminal/json.h"
#include "engine/jobs/forget.h"

namespace varve {

/// What becomes of a snapshot that a call of `forget` looked at.
enum class Fate {
    kept,
    forgotten,
    gone,  ///< another program had forgotten it before
};

struct ForgetRow {
    ListedSnapshot snapshot;
    Fate fate = Fate::kept;
    std::set<KeepReason> kept_by;  ///< empty unless kept
};

struct ForgetReport {
    std::vector<ForgetRow> rows;                        ///< by disk or group, then oldest first
    std::map<std::string, std::uint64_t> split_points;  ///< see RetentionPlan
    bool is_dry_run = false;
    std::optional<PruneReport> pruned;  ///< nullopt: no prune followed
};

ForgetReport forget_report(RetentionPlan plan, bool is_dry_run);
ForgetReport forget_report(NamedForget named, bool is_dry_run);

/// What gives the space of forgotten snapshots back.
inline constexpr std::string_view space_advice = "run `varve prune` to free the space";

/// A table of at most 80 columns with short ids and times (with `everything` as wide as it gets), and what was done.
std::string forget_text(const ForgetReport& report, ListDetail detail);
Json forget_json(const ForgetReport& report);

}  // namespace varve
