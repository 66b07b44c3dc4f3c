#pragma once
/// Reads variable-length records one after the other from a bounded stretch of a file, with a small buffer: a table of
/// 64 MiB costs no more memory than its widest record. A read past the limit or the file's end is Error(corrupt).
/// Borrows the file; one thread at a time.

#include <string>

#include "engine/base/file.h"

namespace varve {

class FileCursor {
public:
    /// `object` names what is read in error texts, e.g. "snapshot table".
    FileCursor(const File& file, ByteRange range, std::string object)
        : file_(file), end_(range.end()), next_(range.begin), object_(std::move(object)) {}

    /// The next `count` bytes, valid until the next call.
    ByteView take(std::size_t count);
    void skip(ByteCount count);

    ByteOffset position() const { return next_; }
    ByteCount remaining() const { return end_ - next_; }

private:
    void expect(std::uint64_t count) const;
    void fill(std::size_t count);

    const File& file_;
    ByteOffset end_;
    ByteOffset next_;
    std::string object_;
    Bytes buffer_;
    ByteOffset buffer_begin_;
};

}  // namespace varve
