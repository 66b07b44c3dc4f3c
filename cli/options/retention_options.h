#pragma once
/// The options that select which snapshots stay: --keep-last, --keep-hourly and so on, and --disk and --group, to which
/// they apply.

#include <string_view>
#include <vector>

#include "cli/options/arguments.h"
#include "engine/retention/retention_plan.h"

namespace varve {

std::vector<OptionSpec> retention_specs();

/// Whether any of these options is given.
bool has_retention_options(const Arguments& arguments);

/// The rules; a count of 0 is as if the option had not been given. Throws Error(usage) for what is not a count, span or
/// tag, and when no rule is left.
RetentionRules retention_rules(const Arguments& arguments);

/// Throws Error(usage) when both disks and groups are given.
RetentionScope retention_scope(const Arguments& arguments);

/// `30d`, `6h`, `1y6m`: numbers, each followed by its unit: y, m (months), w, d or h, each at most once. Throws
/// Error(usage).
CalendarSpan parse_calendar_span(std::string_view text, std::string_view option);

}  // namespace varve
