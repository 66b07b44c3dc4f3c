#pragma once
/// What guest data is where the file below the image has holes: an image whose clusters are preallocated maps all of
/// its disk to a file that is mostly one hole. What lies in a hole is zeros and is not read. The one mechanism for
/// every format that stores guest data at places in a file.

#include <functional>
#include <optional>

#include "formats/base/byte_source.h"

namespace varve {

/// Guest bytes whose stored bytes follow each other.
struct StoredRun {
    ByteCount length;                 ///< from the requested offset on; at least 1
    std::optional<ByteOffset> place;  ///< of the first byte in the file; nullopt: not stored as they are (compressed)
};

/// The run at the start of `guest`, all of which the image maps to data. No longer than `guest`, and no more work than
/// that length needs.
using StoredRunAt = std::function<StoredRun(ByteRange guest)>;

/// The extent at the start of `guest`, a range that the image maps to data in `file`: zero as far as the stored bytes
/// lie in a hole of `file`, else data. Never empty. Looks at a bounded number of runs, so it may be shorter than it
/// could be. A place at or past the end of `file` counts as data.
Extent stored_extent(const ByteSource& file, ByteRange guest, const StoredRunAt& run_at);

}  // namespace varve
