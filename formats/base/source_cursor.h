#pragma once
/// Reads variable-length records one after the other from a range of a source, with a small buffer: a table of 64 MiB
/// takes no more memory than its largest record. A read past the range or the source's end is Error(corrupt). Borrows
/// the source; one thread at a time.

#include <string>

#include "formats/base/byte_source.h"

namespace varve {

class SourceCursor {
public:
    /// `object` is the name for error texts of what is read, e.g. "snapshot table".
    SourceCursor(const ByteSource& source, ByteRange range, std::string object)
        : source_(source), end_(range.end()), next_(range.begin), object_(std::move(object)) {}

    /// The next `count` bytes, valid until the next call.
    ByteView take(std::size_t count);
    void skip(ByteCount count);

    ByteOffset position() const { return next_; }
    ByteCount remaining() const { return end_ - next_; }

private:
    void expect(std::uint64_t count) const;
    void fill(std::size_t count);

    const ByteSource& source_;
    ByteOffset end_;
    ByteOffset next_;
    std::string object_;
    Bytes buffer_;
    ByteOffset buffer_begin_;
};

}  // namespace varve
