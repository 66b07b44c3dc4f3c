#pragma once
/// Builds small qcow2 files field by field, for images that no tool writes. Based on the specification only; shares no
/// constant with the reader.
///
/// The initial layout, in clusters: 0 header, 1 refcount table, 2 refcount block, 3 L1 table, 4 first L2 table,
/// 5 free for data.

#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve::reader_test {

class Qcow2Builder {
public:
    static constexpr std::uint64_t copied = std::uint64_t{1} << 63;
    static constexpr std::uint64_t compressed = std::uint64_t{1} << 62;

    explicit Qcow2Builder(std::uint64_t size_bytes = 32768, unsigned cluster_bits = 9, unsigned version = 3)
        : cluster_bits_(cluster_bits) {
        grow(5 * cluster());
        text(0, "QFI\xfb");
        be32(4, version);
        be32(20, cluster_bits);
        be64(24, size_bytes);
        const std::uint64_t l2_span = cluster() / 8 * cluster();
        be32(36, static_cast<std::uint32_t>((size_bytes + l2_span - 1) / l2_span));
        be64(40, l1());
        be64(48, cluster());
        be32(56, 1);
        if (version == 3) {
            be32(96, 4);
            be32(100, 104);
        }
        be64(cluster(), 2 * cluster());
        be64(l1(), l2() | copied);
    }

    std::uint64_t cluster() const { return std::uint64_t{1} << cluster_bits_; }
    std::uint64_t l1() const { return 3 * cluster(); }
    std::uint64_t l2() const { return 4 * cluster(); }
    std::uint64_t data() const { return 5 * cluster(); }
    std::uint64_t end() const { return bytes_.size(); }

    Qcow2Builder& be16(std::uint64_t at, std::uint16_t v) { return integer(at, v); }
    Qcow2Builder& be32(std::uint64_t at, std::uint32_t v) { return integer(at, v); }
    Qcow2Builder& be64(std::uint64_t at, std::uint64_t v) { return integer(at, v); }
    Qcow2Builder& u8(std::uint64_t at, std::uint8_t v) { return integer(at, v); }

    Qcow2Builder& text(std::uint64_t at, std::string_view text) { return put(at, bytes_of(text)); }
    Qcow2Builder& put(std::uint64_t at, ByteView bytes) {
        grow(at + bytes.size());
        std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
        return *this;
    }

    Qcow2Builder& l2_entry(std::uint64_t index, std::uint64_t entry) { return be64(l2() + index * 8, entry); }

    /// Adds a data cluster filled with `fill` as guest cluster `index`.
    Qcow2Builder& data_cluster(std::uint64_t index, char fill) {
        const std::uint64_t at = (end() + cluster() - 1) / cluster() * cluster();
        text(at, std::string(static_cast<std::size_t>(cluster()), fill));
        return l2_entry(index, at | copied);
    }

    /// A header extension at `at`, without the end marker.
    Qcow2Builder& extension(std::uint64_t at, std::uint32_t type, std::string_view data) {
        return be32(at, type).be32(at + 4, static_cast<std::uint32_t>(data.size())).text(at + 8, data);
    }

    /// The backing file's name, at the end of cluster 0, and its format if given.
    Qcow2Builder& backing(std::string_view name, std::string_view format = {}) {
        if (!format.empty()) extension(104, 0xe2792aca, format);
        const std::uint64_t at = name.size() < 300 ? 208 : cluster() - name.size();
        be64(8, at).be32(16, static_cast<std::uint32_t>(name.size()));
        return text(at, name);
    }

    Qcow2Builder& grow(std::uint64_t bytes) {
        if (bytes_.size() < bytes) bytes_.resize(static_cast<std::size_t>(bytes));
        return *this;
    }
    Qcow2Builder& cut(std::uint64_t bytes) {
        bytes_.resize(static_cast<std::size_t>(bytes));
        return *this;
    }

    ByteView view() const { return bytes_; }

private:
    template <std::unsigned_integral T>
    Qcow2Builder& integer(std::uint64_t at, T v) {
        grow(at + sizeof(T));
        store_be<T>(ByteSpan(bytes_).subspan(static_cast<std::size_t>(at)), v);
        return *this;
    }

    unsigned cluster_bits_;
    Bytes bytes_;
};

}  // namespace varve::reader_test
