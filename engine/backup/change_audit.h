#pragma once
/// Verifies a change map instead of trusting it: reads a random sample of the chunks that it reports unchanged, and
/// compares their ids with the parent snapshot's. Half of the sample is next to reported changes, where a tracker that
/// loses changes is wrong most often. A sample of N misses a map that is wrong about a fraction f with probability
/// (1 - f)^N.

#include <cstdint>
#include <optional>
#include <stop_token>

#include "engine/backup/backup_request.h"
#include "engine/change/change_map.h"
#include "engine/image/image_reader.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/slot_directory.h"

namespace varve {

struct AuditRequest {
    std::uint32_t chunks = audit_chunks_default;  ///< how many to read; fewer if the disk has fewer. 0: none
    std::uint64_t seed = 0;                       ///< of the random choice
};

struct ChangeAudit {
    std::uint64_t chunks = 0;         ///< read and compared
    ByteCount bytes;                  ///< guest data read for that
    std::optional<ChunkIndex> wrong;  ///< one that differs although the map reports it unchanged
};

/// `changes` compares `source` with the snapshot whose map is `parent`. Costs the walk over the runs that may differ,
/// and the reading of the sample. Chunks without data in either disk are not drawn: they are known to be equal. Stops
/// at the first that is wrong. Throws what the source throws, and Error(cancelled).
ChangeAudit audit_changes(const ImageReader& source, const ChangeMap& changes, const DiskMap& parent,
                          const SlotDirectory& directory, const AuditRequest& request, const std::stop_token& stop);

/// The probability that an audit of `chunks` chunks detects a map that is wrong about `fraction` of the chunks it
/// reports unchanged.
double audit_promise(std::uint64_t chunks, double fraction);

}  // namespace varve
