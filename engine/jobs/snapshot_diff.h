#pragma once
/// What changed between two snapshots, of one disk or of two, from their maps alone. Equal subtrees are never
/// read, so the cost depends on the difference, not on the size of the disk.

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/base/units.h"
#include "engine/repository/log_entry.h"
#include "engine/repository/repository.h"

namespace varve {

enum class DiffKind : std::uint8_t { data, zero, unallocated, absent };  ///< absent: past the end of that disk
std::string_view to_string(DiffKind kind);

/// Whole chunks, clipped to the larger disk; adjacent chunks with the same two kinds form one extent.
struct DiffExtent {
    ByteOffset begin;
    ByteCount length;
    DiffKind from = DiffKind::data;
    DiffKind to = DiffKind::data;
    friend bool operator==(const DiffExtent&, const DiffExtent&) = default;
};

enum class DiffDetail {
    bytes,  ///< only where the bytes differ; zero and unallocated read alike
    kinds,  ///< also where the bytes are equal but zero became unallocated or the other way round
};

struct SnapshotDiff {
    std::vector<DiffExtent> extents;  ///< ascending
    ByteCount bytes_changed;          ///< the sum of their lengths
};

SnapshotDiff diff(const Repository& repository, const SnapshotRecord& a, const SnapshotRecord& b, DiffDetail detail);

}  // namespace varve
