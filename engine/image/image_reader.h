#pragma once
/// Reads one disk image as a flat array of guest bytes with its allocation map. Immutable after open; every method is
/// safe from many threads at once. Bytes past the virtual size do not exist: asking for them is a programmer error.

#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/image/extent.h"
#include "engine/image/image_info.h"

namespace varve {

class ImageReader {
public:
    virtual ~ImageReader() = default;

    virtual const ImageInfo& info() const = 0;

    /// The extent that begins at `at` (before the virtual size): never empty, never past the end. It need not be
    /// maximal: the next one may have the same kind. Costs metadata only, read lazily; throws Error(corrupt) when the
    /// map is damaged there.
    virtual Extent extent_at(ByteOffset at) const = 0;

    /// Fills `out` with the guest bytes at `at`, or throws. [at, at + out.size()) must be inside the virtual size. Zero
    /// and unallocated ranges give zeros without I/O.
    virtual void read(ByteOffset at, ByteSpan out) const = 0;

    /// Guest bytes that read() fetched from the medium so far (data extents only), for `bytes_scanned`.
    virtual ByteCount bytes_read() const = 0;

    /// Throws Error(refused) if another process wrote to the medium since it was opened: what was read may then mix
    /// several states of the disk. Call it after the last read and before using the bytes. Cheap. A medium that cannot
    /// change has nothing to check.
    virtual void check_unchanged() const = 0;

    /// The guest bytes that read() returned as zeros because the medium failed there: ascending, disjoint. Only a
    /// reader that carries on past such places (tolerant_reader.h) has any, and what is stacked on one passes them on
    /// in its own offsets; all other readers throw there and return none.
    virtual std::vector<ByteRange> unreadable() const = 0;

    /// Doubts that only reading could show, such as a damaged table whose copy was used instead: full sentences about
    /// what was read so far; a few at most, each once. info().warnings has those that opening showed. What is stacked
    /// on a reader passes its doubts on.
    virtual std::vector<std::string> late_warnings() const = 0;
};

}  // namespace varve
