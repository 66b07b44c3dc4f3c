#pragma once
/// Guards a disk's chain against a mistaken name: another file, or another format, under the name of a known disk.

#include <optional>

#include "cli/backup/backup_sources.h"
#include "engine/repository/log_entry.h"

namespace varve {

enum class FormatNamed { by_user, by_detection };

/// Throws Error(refused) with what the disk's newest snapshot was read from, what would be read now, and the ways on:
/// when the path is another and the user did not type the disk's name, or the format is another and was detected.
void check_same_source(const SnapshotRecord& newest, const BackupSource& source, const SourceRecord& now,
                       FormatNamed format_named);

}  // namespace varve
