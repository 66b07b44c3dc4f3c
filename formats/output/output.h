#pragma once
/// Where the bytes of a new image go: one flat array of bytes on a file, a block device or a stream. The writer of a
/// format sees only this interface; each implementation takes care of the safety of names and devices.
///
/// Invariants: each byte is written or zeroed at most once. On a device or a stream each byte must be: a skipped byte
/// would keep its old content or have no place. A new file reads as zeros where it was skipped. An Output that is
/// destroyed without commit() gives no file a name; a device or a stream keeps what was written. One thread at a time.

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve {

class Output {
public:
    virtual ~Output() = default;

    /// Sets the final length, so that a length that the medium can't hold fails before any byte is written. Error(io)
    /// from the file system, Error(refused) for a device that is smaller. Takes no space.
    virtual void resize(ByteCount length) = 0;

    /// Reserves the space of the first `length` bytes, so that no write there finds the medium full. Error(io) without
    /// that space. Does nothing where all space exists already, as on a device.
    virtual void allocate([[maybe_unused]] ByteCount length) {}

    /// Writes `bytes` at `at`. A stream takes consecutive ranges only; the other kinds take any order.
    virtual void write(ByteOffset at, ByteView bytes) = 0;

    /// Whether write() takes consecutive ranges only, so that a header can't be written last.
    virtual bool is_sequential() const { return false; }

    /// `range`, never written before, reads as zeros. Free on a new file; sent as bytes on a stream.
    virtual void zero(ByteRange range) = 0;

    /// Makes the image durable, and a file visible under its name. Once, as the last call.
    virtual void commit() = 0;

    /// Bytes passed to the operating system so far, including zeros that were sent as bytes.
    virtual ByteCount bytes_written() const = 0;
};

/// Sends `range` as zero bytes through output.write(), in pieces of bounded size.
void write_zeros(Output& output, ByteRange range);

/// Writes `bytes` at `at`, but passes zero blocks of 4 KiB to output.zero(): they take no space in a file.
void write_sparse(Output& output, ByteOffset at, ByteView bytes);

}  // namespace varve
