#pragma once
/// Times that cannot be right: one that lies ahead of this host's clock, or one that an earlier backup is already past.
/// `DISK@latest` does not depend on them (engine/naming/history.h), but a name with a time does.

#include "engine/backup/backup_request.h"
#include "engine/base/progress.h"
#include "engine/repository/catalog.h"

namespace varve {

/// Throws Error(usage) when `time`, typed with --time, is more than five minutes later than `now`.
void refuse_time_ahead(TimeNs time, TimeNs now);

/// Warns when the internal snapshot of `request` has a time later than `now`.
void warn_of_time_ahead(const BackupRequest& request, TimeNs now, Progress& progress);

/// Warns when the last snapshot of the disk has a later time than `request`, whose time is this host's clock.
void warn_of_clock_behind(const Catalog& catalog, const BackupRequest& request, Progress& progress);

}  // namespace varve
