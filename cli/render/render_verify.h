#pragma once
/// The report of `verify`.

#include <string>

#include "cli/terminal/json.h"
#include "engine/jobs/verify_report.h"

namespace varve {

/// At most five lines: the first findings, and how much was checked. With every finding in `everything`.
enum class FindingDetail { first, everything };
std::string verify_text(const VerifyReport& report, FindingDetail detail);
Json verify_json(const VerifyReport& report);

}  // namespace varve
