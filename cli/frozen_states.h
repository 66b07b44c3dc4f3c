#pragma once
/// The snapshots of a source, inside an image file or of a logical volume, as points in time of its disk: which of them
/// the repository has already.

#include <optional>
#include <string>
#include <vector>

#include "cli/backup_inputs.h"
#include "engine/catalog.h"
#include "engine/image_info.h"

namespace varve {

struct FrozenState {
    ImageSnapshot facts;
    std::string identity;  ///< ImageInfo::state
};

/// All of the image that `input` is, oldest first. Opens each; throws what open_image() throws.
std::vector<FrozenState> frozen_states(const BackupInput& input);

/// The newest snapshot of the disk that holds this state, if the repository has it.
std::optional<SnapshotRecord> snapshot_of_state(const Catalog& catalog, const std::string& disk,
                                                const std::string& identity);

}  // namespace varve
