#pragma once
/// What a verify job did and found. A plain value.

#include <cstdint>
#include <vector>

#include "engine/base/units.h"
#include "engine/jobs/finding.h"
#include "engine/repository/known_damage.h"

namespace varve {

/// A snapshot that was verified.
struct VerifiedSnapshot {
    SnapshotId id;
    std::string disk;
    TimeNs time = 0;
    bool is_whole = true;  ///< all of it can be restored, attachments included
};

enum class VerifyMode {
    repository,     ///< objects were checked
    against_image,  ///< a snapshot was compared with an image
};

struct VerifyReport {
    VerifyMode mode = VerifyMode::repository;
    std::vector<VerifiedSnapshot> snapshots;  ///< in the order of the call
    std::uint64_t checked_entries = 0;        ///< of the log
    std::uint64_t checked_chunks = 0;
    ByteCount checked_bytes;  ///< plain bytes of those chunks
    std::vector<Finding> findings;
    KnownDamage damage;              ///< what no backup may build on until it is found sound again
    std::set<PackId> settled_packs;  ///< those of which `damage` holds everything, and those that exist no more
};

}  // namespace varve
