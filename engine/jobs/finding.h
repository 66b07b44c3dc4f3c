#pragma once
/// What verify found wrong: damage as data, told and gone on from.

#include <cstdint>
#include <string>
#include <vector>

#include "engine/repository/log_entry.h"

namespace varve {

struct Finding {
    /// "pack_missing", "pack_damaged", "chunk_damaged", "map_damaged", "attachment_damaged", "root_mismatch",
    /// "content_differs"
    std::string kind;
    std::string object;    ///< the pack, page or image concerned
    std::string snapshot;  ///< id in hex; empty where no snapshot is concerned
    std::string disk;
    std::uint64_t offset = 0;  ///< guest bytes concerned; length 0: the whole snapshot
    std::uint64_t length = 0;
    std::string message;  ///< one sentence
};

/// A finding about the guest bytes [begin, end) of a snapshot, clipped to its size.
Finding finding_at(const SnapshotRecord& snapshot, std::string kind, std::uint64_t begin, std::uint64_t end,
                   std::string object, std::string message);

/// Makes one finding of neighbouring ones of the same kind, snapshot and object.
void merge_neighbours(std::vector<Finding>& findings);

}  // namespace varve
