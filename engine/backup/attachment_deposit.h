#pragma once
/// Stores small files (a machine's configuration, its nvram) with a backup. A file that the parent snapshot already has
/// is not stored again.

#include <string>
#include <vector>

#include "engine/repository/attachment.h"
#include "engine/repository/catalog.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/soundness.h"

namespace varve {

/// Throws Error(usage) with what attachment_name_fault() finds wrong with `name`.
void check_attachment_name(const std::string& name);

struct DepositedAttachments {
    std::vector<Attachment> attachments;  ///< in the order of the files
    std::vector<PackId> hit_packs;        ///< older packs that hold some of them: the commit entry names them
};

/// Writes the files to the session's metadata pack, unless the snapshot `parent` (null: none) has them, soundly.
DepositedAttachments deposit_attachments(const std::vector<FileToAttach>& files, const SnapshotRecord* parent,
                                         PackSession& session, const Catalog& catalog, Soundness& soundness);

}  // namespace varve
