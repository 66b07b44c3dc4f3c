#pragma once
/// The reports of `verify` and `check`.

#include <string>

#include "cli/terminal/json.h"
#include "engine/jobs/verify_report.h"

namespace varve {

/// Damaged objects, damaged nights with their guest ranges, how much was checked, and at the end how many nights can be
/// restored. `first` shows a few of each; `everything` all, with the object that each range depends on.
enum class FindingDetail { first, everything };
std::string verify_text(const VerifyReport& report, FindingDetail detail);
Json verify_json(const VerifyReport& report);
Json check_json(const VerifyReport& report);

}  // namespace varve
