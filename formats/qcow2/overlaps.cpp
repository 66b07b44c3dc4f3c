#include "formats/qcow2/overlaps.h"

#include <fmt/format.h>

#include "formats/qcow2/header.h"

namespace varve::qcow2 {
namespace {

struct Structure {
    std::string_view name;
    ByteRange place;
};

/// Whether the ranges share a byte; their ends may be past 2^64.
bool overlap(const ByteRange& a, const ByteRange& b) {
    if (a.empty() || b.empty()) return false;
    return a.begin <= b.begin ? b.begin - a.begin < a.length : a.begin - b.begin < b.length;
}

}  // namespace

std::vector<std::string> overlap_warnings(const ByteSource& file, const Header& header) {
    const std::uint64_t snapshot_bytes_min = std::uint64_t{header.snapshots.records} * 40;
    const std::vector<Structure> structures{
        {"header", {ByteOffset{}, header.cluster_size()}},
        {"L1 table", header.l1.range()},
        {"refcount table", header.refcounts.range()},
        {"snapshot table", {header.snapshots.offset, ByteCount{snapshot_bytes_min}}},
    };
    std::vector<std::string> warnings;
    for (std::size_t i = 0; i < structures.size(); ++i)
        for (std::size_t j = i + 1; j < structures.size(); ++j)
            if (overlap(structures[i].place, structures[j].place))
                warnings.push_back(
                    fmt::format("'{}' is damaged: its {} at offset {} overlaps its {} at offset {}; it was read "
                                "according to its tables",
                                file.name(), structures[i].name, structures[i].place.begin.value, structures[j].name,
                                structures[j].place.begin.value));
    return warnings;
}

}  // namespace varve::qcow2
