#pragma once
/// The internal snapshots of an image as points in time of its disk: which of them the repository has already, and what
/// differs between one that it has and what is backed up now. Their guest data never changes, so a cluster that two
/// states share is the same in both, and is read once.

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

enum class TakenBy {
    this_run,     ///< the file and all below it have been the same since
    earlier_run,  ///< a backing file may have been exchanged since: nothing is concluded about an image that has one
};

/// Tells `input` what differs from the state that `snapshot`, a snapshot in the repository, holds. Tells it nothing
/// where that can't be known.
void compare_with_state(BackupInput& input, const FrozenState& state, const SnapshotId& snapshot, TakenBy taken_by);

/// As compare_with_state() with the disk's newest snapshot, when that one holds a state which the image still has.
void compare_with_newest(BackupInput& input, const Catalog& catalog);

}  // namespace varve
