#pragma once
/// The report of `backup` as text and as JSON.

#include <span>
#include <string>

#include "cli/render/backup_report.h"
#include "cli/terminal/json.h"

namespace varve {

/// At most five lines, however many sources there were.
std::string backup_text(const BackupReport& report);
Json backup_json(const BackupReport& report);
/// "stopped: 1 of 2 disks backed up (a); b was not": what a stopped run has done.
std::string stopped_text(const BackupReport& report);

/// An array of {"source", "error"}.
Json failed_json(std::span<const FailedSource> failed);

}  // namespace varve
