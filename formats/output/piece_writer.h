#pragma once
/// Writes a disk in pieces, one after the other. A format that divides a disk among several files implements PieceSink,
/// and write_in_pieces() makes an ImageWriter of it.

#include <memory>
#include <vector>

#include "engine/image/image_writer.h"

namespace varve {

/// Makes the pieces of a new image. One thread at a time.
class PieceSink {
public:
    virtual ~PieceSink() = default;

    /// The writer of piece `number`, for its length. The pieces begin in order; each is finished before the next.
    virtual std::unique_ptr<ImageWriter> begin(std::size_t number) = 0;

    /// Completes the image and commits it, after all pieces are finished; once, as the last call.
    virtual void finish() = 0;

    virtual ByteCount bytes_written() const = 0;
};

/// An ImageWriter for a disk of pieces with these lengths, at least one; the first begins at once. Throws what
/// sink->begin() throws.
std::unique_ptr<ImageWriter> write_in_pieces(std::unique_ptr<PieceSink> sink, std::vector<ByteCount> lengths);

}  // namespace varve
