#pragma once
/// What a verify or check job did and found. A plain value.

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
    structure,      ///< objects were checked, without guest data
    repository,     ///< objects were checked, guest data included
    against_image,  ///< a snapshot was compared with an image
};

struct VerifyReport {
    VerifyMode mode = VerifyMode::repository;
    std::vector<VerifiedSnapshot> snapshots;  ///< in the order of the call
    std::uint64_t checked_entries = 0;        ///< of the log
    std::uint64_t checked_checkpoints = 0;    ///< of the log: they hold what its entries lead to
    std::uint64_t checked_pages = 0;          ///< of the maps: right, and so is everything below them; each counts once
    std::uint64_t checked_slot_tables = 0;    ///< those in the packs, and the copies in metadata packs
    std::uint64_t checked_move_tables = 0;    ///< of packs that no later entry condemned
    std::uint64_t checked_packs = 0;          ///< that are there
    std::uint64_t data_packs = 0;             ///< in the scope of the job
    std::set<PackId> read_packs;              ///< data packs that were read whole
    std::uint64_t checked_chunks = 0;
    ByteCount checked_bytes;  ///< plain bytes of those chunks
    std::vector<Finding> findings;
    KnownDamage damage;              ///< what no backup may build on until it is found sound again
    std::set<PackId> settled_packs;  ///< those of which `damage` holds everything, and those that exist no more
    std::set<PackId> gone_packs;     ///< that this host verified before, and that no longer exist
    bool is_stopped = false;         ///< on request, with packs left: what is here is true, but not all

    /// Whether a limit left data packs for a later run.
    bool is_partial() const { return mode == VerifyMode::repository && read_packs.size() < data_packs; }
};

}  // namespace varve
