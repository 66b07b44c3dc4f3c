#pragma once
/// The entries of qcow2's two-level cluster table, decoded: pure functions of their words. Source: qemu
/// docs/interop/qcow2.txt, "Cluster mapping" and "Extended L2 Entries".

#include <bit>
#include <cstdint>

#include "engine/base/bytes.h"
#include "engine/base/units.h"

namespace varve::qcow2 {

/// The reader divides every cluster into this many subclusters. In an extended L2 entry each has its own kind; in a
/// plain entry all have the same.
inline constexpr unsigned subclusters_per_cluster = 32;

/// A set of subclusters of one cluster; the first is bit 0.
using Subclusters = std::uint32_t;

/// The unit in which an L2 entry counts the length of a compressed cluster.
inline constexpr std::uint64_t sector_bytes = 512;

/// What turns guest offsets into table positions.
struct Geometry {
    std::uint32_t version = 3;
    std::uint32_t cluster_bits = 16;
    bool extended_l2 = false;
    bool external_data = false;  ///< host offsets are offsets in a data file, equal to the guest offsets

    std::uint64_t cluster_size() const { return std::uint64_t{1} << cluster_bits; }
    std::uint64_t subcluster_size() const { return cluster_size() / subclusters_per_cluster; }
    std::size_t l2_entry_bytes() const { return extended_l2 ? 16 : 8; }
    std::uint64_t l2_entries() const { return cluster_size() / l2_entry_bytes(); }
    /// Guest bytes that one L2 table maps.
    std::uint64_t l2_span() const { return l2_entries() * cluster_size(); }
};

/// `problem` is what is wrong with the entry; null for a sound one. `ignored` is what is set in it that has no meaning,
/// as in qemu; or null.
struct L1Entry {
    ByteOffset l2_table;  ///< 0: no table, the whole range is unallocated
    const char* problem = nullptr;
    bool absent() const { return l2_table.value == 0 && problem == nullptr; }
};

enum class ClusterKind : std::uint8_t { unallocated, zero, data, compressed };

/// The words of an L2 entry; only extended entries have a `bitmap`.
struct RawL2Entry {
    std::uint64_t entry = 0;
    std::uint64_t bitmap = 0;
};

struct L2Entry {
    bool has_host = false;    ///< it has a data cluster, used or not
    ByteOffset host;          ///< of the data cluster or compressed stream; meaningless for the other kinds
    ByteCount stored;         ///< compressed: the bytes that the stream may span
    bool compressed = false;  ///< all subclusters
    Subclusters data = 0;
    Subclusters zero = 0;
    const char* problem = nullptr;
    const char* ignored = nullptr;

    ClusterKind kind_at(unsigned subcluster) const;
    /// The number of subclusters from `subcluster` on, at least one, that are of its kind.
    unsigned equal_subclusters(unsigned subcluster) const;
};

/// The words of an entry as they are in the file: an L1 entry has one, an L2 entry one, or two if it is extended.
inline std::uint64_t load_l1(ByteView entry) { return load_be<std::uint64_t>(entry); }
inline RawL2Entry load_l2(ByteView entry) {
    return {load_be<std::uint64_t>(entry), entry.size() == 16 ? load_be<std::uint64_t>(entry.subspan(8)) : 0};
}

L1Entry decode_l1(std::uint64_t raw, const Geometry& geometry);
L2Entry decode_l2(const RawL2Entry& raw, const Geometry& geometry);

}  // namespace varve::qcow2
