#pragma once
/// Appends fields to a growing buffer: the mirror of ByteReader. Owns the buffer until release().

#include "engine/base/bytes.h"

namespace varve {

class ByteWriter {
public:
    void u8(std::uint8_t v) { bytes_.push_back(static_cast<std::byte>(v)); }
    void u16le(std::uint16_t v) { integer_le(v); }
    void u32le(std::uint32_t v) { integer_le(v); }
    void u64le(std::uint64_t v) { integer_le(v); }
    void u16be(std::uint16_t v) { integer_be(v); }
    void u32be(std::uint32_t v) { integer_be(v); }
    void u64be(std::uint64_t v) { integer_be(v); }
    void append(ByteView view) {
        if (view.empty()) return;
        const std::size_t at = bytes_.size();
        bytes_.resize(at + view.size());
        std::memcpy(bytes_.data() + at, view.data(), view.size());
    }
    void zeros(std::size_t count) { bytes_.resize(bytes_.size() + count); }

    std::size_t size() const { return bytes_.size(); }
    ByteView view() const { return bytes_; }
    /// The bytes written so far, for fields that are only known later (a length, a checksum).
    ByteSpan span() { return bytes_; }
    Bytes release() { return std::move(bytes_); }

private:
    template <std::unsigned_integral T>
    void integer_le(T v) {
        std::array<std::byte, sizeof(T)> bytes;
        store_le<T>(bytes, v);
        append(bytes);
    }
    template <std::unsigned_integral T>
    void integer_be(T v) {
        std::array<std::byte, sizeof(T)> bytes;
        store_be<T>(bytes, v);
        append(bytes);
    }

    Bytes bytes_;
};

}  // namespace varve
