#pragma once
/// Reads consecutive fields from a view of untrusted bytes. A read past the end throws Error(corrupt) that names the
/// object, the field's offset and what is missing. Borrows the view; not shared between threads.

#include <string>

#include "engine/base/bytes.h"

namespace varve {

class ByteReader {
public:
    /// `object` names in error texts what is read, e.g. "log entry 17".
    ByteReader(ByteView bytes, std::string object) : bytes_(bytes), object_(std::move(object)) {}

    std::uint8_t u8() { return load_le<std::uint8_t>(take(1)); }
    std::uint16_t u16le() { return load_le<std::uint16_t>(take(2)); }
    std::uint32_t u32le() { return load_le<std::uint32_t>(take(4)); }
    std::uint64_t u64le() { return load_le<std::uint64_t>(take(8)); }
    std::uint16_t u16be() { return load_be<std::uint16_t>(take(2)); }
    std::uint32_t u32be() { return load_be<std::uint32_t>(take(4)); }
    std::uint64_t u64be() { return load_be<std::uint64_t>(take(8)); }

    /// The next `count` bytes, borrowed from the view.
    ByteView take(std::size_t count);
    void skip(std::size_t count) { take(count); }

    /// The next sizeof(N) bytes copied into a fixed array.
    template <std::size_t N>
    std::array<std::byte, N> array() {
        std::array<std::byte, N> out;
        std::memcpy(out.data(), take(N).data(), N);
        return out;
    }

    /// A u32le count of records of at least `record_bytes_min` bytes each; throws when the rest of the view cannot
    /// hold them, so that a forged count cannot make the caller allocate memory.
    std::uint32_t count(std::size_t record_bytes_min);

    std::size_t position() const { return position_; }
    std::size_t remaining() const { return bytes_.size() - position_; }
    const std::string& object() const { return object_; }

    /// Throws Error(corrupt) with `message` at the current position.
    [[noreturn]] void fail(const std::string& message) const;
    /// Throws when bytes are left over.
    void expect_end() const;

private:
    ByteView bytes_;
    std::size_t position_ = 0;
    std::string object_;
};

}  // namespace varve
