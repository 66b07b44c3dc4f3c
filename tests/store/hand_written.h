#pragma once
/// Writes objects byte by byte according to FORMAT.md, independently of the code under test: numbers are written byte
/// by byte, and only the hash functions are shared.

#include <string_view>

#include <xxhash.h>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"

namespace varve::hand_written {

class Hand {
public:
    Hand& text(std::string_view ascii) { return raw(bytes_of(ascii)); }
    Hand& raw(ByteView bytes) {
        for (const std::byte byte : bytes) bytes_.push_back(byte);
        return *this;
    }
    /// The lowest `width` bytes of `value`, lowest first.
    Hand& number(unsigned width, std::uint64_t value) {
        for (unsigned i = 0; i < width; ++i) bytes_.push_back(static_cast<std::byte>((value >> (8 * i)) % 256));
        return *this;
    }
    Hand& fill(std::size_t count, unsigned value = 0) {
        bytes_.insert(bytes_.end(), count, static_cast<std::byte>(value));
        return *this;
    }
    /// A str field.
    Hand& str(std::string_view ascii) { return number(2, ascii.size()).text(ascii); }
    Hand& sha256_of_all() { return raw(sha256(bytes_).view()); }
    Hand& xxh3_since(std::size_t begin, std::uint64_t seed) {
        return number(8, XXH3_64bits_withSeed(bytes_.data() + begin, bytes_.size() - begin, seed));
    }
    /// A record that contains the bytes of `fields`.
    Hand& record(unsigned type, unsigned flags, const Hand& fields) {
        return number(2, type).number(2, flags).number(4, fields.bytes_.size()).raw(fields.bytes_);
    }

    std::size_t size() const { return bytes_.size(); }
    const Bytes& bytes() const { return bytes_; }

private:
    Bytes bytes_;
};

/// As in FORMAT.md section 3; `id_byte` fills the repository id.
inline Bytes envelope(std::string_view magic, unsigned id_byte, const Hand& body, unsigned version = 1,
                      unsigned cipher = 0) {
    return Hand()
        .text(magic)
        .number(2, version)
        .number(2, cipher)
        .number(4, body.size())
        .fill(16, id_byte)
        .fill(32)
        .fill(12)
        .fill(4)
        .raw(body.bytes())
        .fill(16)
        .fill(64)
        .sha256_of_all()
        .bytes();
}

}  // namespace varve::hand_written
