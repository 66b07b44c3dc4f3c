#pragma once
/// Runs of equal bits in a bitmap in a file, the lowest bit of each byte first. Read page by page on demand and kept in
/// a shared cache. Immutable; safe from many threads. Borrows the source.

#include <cstdint>
#include <memory>

#include "formats/base/table_pages.h"

namespace varve {

struct BitRun {
    bool value = false;
    std::uint64_t end = 0;  ///< the bit after the last
};

class BitRuns {
public:
    BitRuns(const ByteSource& source, std::shared_ptr<ReadCaches> caches) : pages_(source, 1, std::move(caches)) {}

    /// The run from `bit` on, which is before `end`, in the bitmap at `area`; no bit from `end` on counts. Reads a
    /// bounded number of pages, so that the run may go on behind its end.
    BitRun run_from(ByteRange area, std::uint64_t bit, std::uint64_t end) const;

private:
    TablePages pages_;
};

}  // namespace varve
