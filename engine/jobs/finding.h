#pragma once
/// What verify found wrong: damage as data, so that the job continues after reporting it.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/repository/log_entry.h"

namespace varve {

enum class FindingKind {
    config_damaged,
    log_entry_missing,  ///< although a later one exists
    log_entry_damaged,
    checkpoint_damaged,   ///< its bytes, or what it holds is not what the log leads to
    checkpoint_unproven,  ///< intact, but entries that led to it are lost
    pack_missing,
    pack_damaged,
    chunk_damaged,
    map_damaged,
    attachment_damaged,
    slot_table_damaged,  ///< a copy of it, or its only copy is lost: the pack itself is all that lists its ids
    move_table_damaged,
    root_mismatch,    ///< the snapshot's root does not follow from its size and its map
    content_differs,  ///< verify against an image: its bytes are not the snapshot's
};

/// The name of the enumerator, as scripts see it.
std::string_view to_string(FindingKind kind);

struct Finding {
    FindingKind kind = FindingKind::pack_missing;
    std::string object;    ///< the affected pack, slot or image
    std::string snapshot;  ///< id in hex; empty when no snapshot is concerned
    std::string disk;
    std::uint64_t offset = 0;  ///< affected guest bytes; length 0: the whole snapshot
    std::uint64_t length = 0;
    std::string message;  ///< one sentence
};

/// A finding about an object of the repository, and about no snapshot in particular.
Finding finding_about(FindingKind kind, std::string object, std::string message);

/// A finding about the guest bytes [begin, end) of a snapshot, clipped to its size.
Finding finding_at(const SnapshotRecord& snapshot, FindingKind kind, std::uint64_t begin, std::uint64_t end,
                   std::string object, std::string message);

/// "slot 3 of pack …", for Finding::object.
std::string slot_name(const ChunkAddress& address);

/// At most so many findings of a job name guest ranges, and one more for each snapshot: a hostile map can have one
/// damaged page at millions of places.
inline constexpr std::size_t places_max = 65536;

/// How many more places a job that has `findings` may name in the next snapshot.
inline std::size_t places_left(const std::vector<Finding>& findings) {
    return findings.size() < places_max ? places_max - findings.size() : 1;
}

/// The finding that ends the list of a snapshot's places.
Finding more_places(const SnapshotRecord& snapshot, FindingKind kind);

/// Merges adjacent findings of the same kind, snapshot and object into one.
void merge_neighbours(std::vector<Finding>& findings);

}  // namespace varve
