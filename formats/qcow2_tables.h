#pragma once
/// The entries of qcow2's two-level cluster table, decoded: pure functions of one 64-bit value. Source: qemu
/// docs/interop/qcow2.txt, "Cluster mapping".

#include <cstdint>

#include "engine/base/units.h"

namespace varve::qcow2 {

/// What turns guest offsets into table positions.
struct Geometry {
    std::uint32_t version = 3;
    std::uint32_t cluster_bits = 16;

    std::uint64_t cluster_size() const { return std::uint64_t{1} << cluster_bits; }
    std::uint64_t l2_entries() const { return cluster_size() / 8; }
};

/// `problem` is null for a sound entry, else what is wrong with it.
struct L1Entry {
    ByteOffset l2_table;  ///< 0: no table, the whole range is unallocated
    const char* problem = nullptr;
    bool absent() const { return l2_table.value == 0 && problem == nullptr; }
};

enum class ClusterKind : std::uint8_t { unallocated, zero, data, compressed };

struct L2Entry {
    ClusterKind kind = ClusterKind::unallocated;
    ByteOffset host;   ///< of data and compressed bytes; meaningless for the other kinds
    ByteCount stored;  ///< compressed: the bytes that the stream may span; data: the cluster size
    const char* problem = nullptr;
};

L1Entry decode_l1(std::uint64_t raw, const Geometry& geometry);
L2Entry decode_l2(std::uint64_t raw, const Geometry& geometry);

}  // namespace varve::qcow2
