#pragma once
/// Checks a change map instead of trusting it: reads a random sample of the chunks that it lets a backup pass over, and
/// compares their ids with the parent snapshot's. Half of the sample lies beside reported changes, where a tracker that
/// forgets is wrong most often. A sample of N misses a map that is wrong about a fraction f with probability (1 - f)^N.
/// DESIGN.md section 5.

#include <cstdint>
#include <optional>
#include <stop_token>

#include "engine/change/change_map.h"
#include "engine/image/image_reader.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/slot_directory.h"

namespace varve {

inline constexpr std::uint32_t audit_chunks_default = 256;

struct AuditRequest {
    std::uint32_t chunks = audit_chunks_default;  ///< how many to read; fewer where there are not as many. 0: none
    std::uint64_t seed = 0;                       ///< of the choice
};

struct ChangeAudit {
    std::uint64_t chunks = 0;         ///< that were read and compared
    ByteCount bytes;                  ///< guest data read for that
    std::optional<ChunkIndex> wrong;  ///< one that differs although the map says that it does not
};

/// `changes` compares `source` with the snapshot that `parent` is the map of. Costs the walk over the runs that may
/// differ, and the reading of the sample. Chunks that hold no data in either disk are not drawn: they are the same
/// without a look. Stops at the first that is wrong. Throws what the source throws, Error(cancelled).
ChangeAudit audit_changes(const ImageReader& source, const ChangeMap& changes, const DiskMap& parent,
                          const SlotDirectory& directory, const AuditRequest& request, const std::stop_token& stop);

/// With what probability an audit of `chunks` finds a map that is wrong about `fraction` of what it lets pass.
double audit_promise(std::uint64_t chunks, double fraction);

}  // namespace varve
