#pragma once
/// Writes one disk image. Ranges arrive in guest order, never overlap, and are inside the virtual size given at
/// creation; what is never written stays unallocated. One thread at a time.
///
/// Nothing exists under the final name before finish() returns: a writer destroyed without finish() discards
/// what it wrote (a device or a pipe keeps what it received).

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

class ImageWriter {
public:
    virtual ~ImageWriter() = default;

    /// Guest bytes at `at`. Zero clusters (of the writer's own cluster size; raw: 4 KiB) are left out.
    virtual void write(ByteOffset at, ByteView bytes) = 0;

    /// `range` reads as zeros, explicitly where the format can express that.
    virtual void zero(ByteRange range) = 0;

    /// Completes the image, makes it durable (file and folder) and gives it its final name.
    virtual void finish() = 0;

    /// Bytes written to the medium so far.
    virtual ByteCount bytes_written() const = 0;
};

}  // namespace varve
