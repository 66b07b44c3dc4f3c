#pragma once
/// Keeps small files (a machine's configuration, its nvram) with a backup. A file that the parent snapshot has already
/// is not stored again.

#include <string>
#include <vector>

#include "engine/repository/attachment.h"
#include "engine/repository/catalog.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/log_entry.h"

namespace varve {

struct FileToAttach {
    std::string name;  ///< one path component; see check_attachment_name
    Bytes bytes;       ///< at most attachment_bytes_max
};

/// Throws Error(usage) when attachment_name_fault() finds fault with `name`.
void check_attachment_name(const std::string& name);

struct DepositedAttachments {
    std::vector<Attachment> attachments;  ///< in the order of the files
    std::vector<PackId> hit_packs;        ///< older packs that hold some of them: the commit entry names them
};

/// Puts the files into the session's metadata pack. `parent` is the snapshot to look for them in; null: none.
DepositedAttachments deposit_attachments(const std::vector<FileToAttach>& files, const SnapshotRecord* parent,
                                         PackSession& session, const Catalog& catalog);

}  // namespace varve
