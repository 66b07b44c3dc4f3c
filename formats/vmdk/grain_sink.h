#pragma once
/// Takes the grains of a new VMDK file and places each in the file. Calls come in guest order, each for whole grains,
/// and never overlap; a grain that no call names stays unallocated. One thread at a time.

#include <memory>

#include "engine/image/image_writer.h"

namespace varve::vmdk {

class GrainSink {
public:
    virtual ~GrainSink() = default;

    /// The content of consecutive grains; all-zero grains take no space.
    virtual void put(ByteOffset guest, ByteView grains) = 0;

    /// One grain that arrived in pieces, with zeros in the gaps.
    virtual void put_part(ByteOffset guest, ByteView grain) = 0;

    /// Whole grains of zeros.
    virtual void zero(ByteRange guest) = 0;

    /// Completes and commits the image. Called once, last.
    virtual void finish() = 0;

    virtual ByteCount bytes_written() const = 0;
};

/// An ImageWriter that gathers what it gets into whole grains for `sink`; past the end of the disk they are zeros.
/// Memory: one grain.
std::unique_ptr<ImageWriter> write_in_grains(std::unique_ptr<GrainSink> sink, ByteCount virtual_size);

}  // namespace varve::vmdk
