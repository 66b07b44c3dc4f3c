#pragma once
/// What a caller asks of the backup job, its dry run included. Plain values.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/change/change_source.h"
#include "engine/image/image_reader.h"
#include "engine/repository/attachment.h"
#include "engine/repository/log_entry.h"

namespace varve {

/// How many unchanged chunks a backup re-reads to verify a change source, unless the caller sets another number.
inline constexpr std::uint32_t audit_chunks_default = 256;

class CopiedSnapshot;

struct BackupRequest {
    std::string disk;
    TimeNs time = 0;
    std::map<std::string, std::string> tags;
    SourceRecord source;
    /// Borrowed; of the source. Null: it has none, so everything is read and compared with the disk's newest snapshot.
    const ChangeSource* change_source = nullptr;
    /// Names the state that is backed up for the change source that a later backup may ask (change_source.h).
    Bytes change_token;
    /// Chunks that are read although the change source reports them unchanged, to verify it (change_audit.h). When one
    /// differs, everything is read and compared. 0: none.
    std::uint32_t audit_chunks = audit_chunks_default;
    /// False for a source that can be read only once, in order (a pipe): a backup overtaken by a prune then fails
    /// instead of starting again.
    bool can_restart = true;
    /// Borrowed. The source is a snapshot of another repository, which is to exist here, too: its record decides, and
    /// all of the above except `disk` is ignored. Null: a snapshot is taken now.
    const CopiedSnapshot* copy_of = nullptr;
};

/// One disk of a group.
struct DiskToBackUp {
    const ImageReader* source = nullptr;  ///< borrowed
    BackupRequest request;
};

/// Disks that are committed together or not at all, with the small files kept beside them.
struct BackupGroup {
    std::string name;  ///< empty: a group without a name, such as a single disk
    std::vector<DiskToBackUp> disks;
    std::vector<FileToAttach> attachments;
    /// Of copies: a state of the log in which no snapshot had one of their ids.
    std::optional<LogHead> ids_unused_at = {};
};

/// Throws Error(unsupported) for a disk that is too large for a snapshot.
void check_disk_size(ByteCount size);

}  // namespace varve
