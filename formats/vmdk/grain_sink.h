#pragma once
/// Takes the grains of a new VMDK file and finds a place for each. Calls come in guest order, each for whole grains,
/// and never overlap; a grain that no call names stays unallocated. One thread at a time.

#include <memory>

#include "engine/image/image_writer.h"

namespace varve::vmdk {

class GrainSink {
public:
    virtual ~GrainSink() = default;

    /// The content of consecutive grains; those of only zeros take no space.
    virtual void put(ByteOffset guest, ByteView grains) = 0;

    /// One grain that came in pieces, with zeros where nothing came.
    virtual void put_part(ByteOffset guest, ByteView grain) = 0;

    /// Whole grains that are zero.
    virtual void zero(ByteRange guest) = 0;

    /// Completes the image and commits it; once, as the last call.
    virtual void finish() = 0;

    virtual ByteCount bytes_written() const = 0;
};

/// An ImageWriter that gathers what it gets into whole grains for `sink`; past the end of the disk they are zeros.
/// Memory: one grain.
std::unique_ptr<ImageWriter> write_in_grains(std::unique_ptr<GrainSink> sink, ByteCount virtual_size);

}  // namespace varve::vmdk
