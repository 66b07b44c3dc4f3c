#pragma once
/// Signs that a source is not the disk that it is named: two sources in the wrong order, a path that was mistyped, a
/// disk that was replaced. They are warnings, since each may be intended.

#include "engine/backup/backup_request.h"
#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/repository/repository.h"

namespace varve {

/// Before a backup: warns when the source was last backed up as another disk, when it has shrunk, when its partition
/// table or file system has another identity than the disk's latest snapshot (and names the disk that has this one),
/// and when the name is new and closely resembles that of a disk of the repository. Reads a few blocks of either side;
/// what cannot be read is ignored.
void warn_of_mixup(const Repository& repository, const BackupRequest& request, const ImageReader& image,
                   Progress& progress);

/// After a backup: warns when more than 90 % of what was compared with the parent has changed.
void warn_of_other_content(const SnapshotRecord& snapshot, Progress& progress);

/// The disk of `disks` that `name` may have meant: it differs in its case, its separators or leading zeros, or by a
/// single letter. Names that count differently (web01 and web02, vda and vdb) are different disks. Empty: none.
std::string resembling_disk(const std::string& name, const std::vector<std::string>& disks);

}  // namespace varve
