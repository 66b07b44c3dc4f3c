#pragma once
/// One entry of a grain directory or grain table of 32-bit sector numbers. Source: VMware Virtual Disk Format 5.0,
/// "Grain Directory and Grain Tables".
///
/// An entry of 0 is unallocated. An entry of 1 means zeros if the extent uses zeroed grains: one grain of them in a
/// table, a whole table's worth in the directory.

#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/grain_map.h"
#include "formats/vmdk/word_tables.h"

namespace varve::vmdk {

inline constexpr std::uint64_t grain_entry_bytes = 4;

struct GrainTableShape {
    std::uint64_t grains = 0;  ///< of the extent
    std::uint32_t grains_per_table = 0;
    ByteCount grain_size;
    bool has_zero_grains = false;

    std::uint64_t tables() const { return divide_up(grains, grains_per_table); }
};

inline ByteOffset place_of_entry(std::uint64_t entry) { return ByteOffset{entry * sector_bytes}; }

inline ExtentKind kind_of_entry(std::uint64_t entry, const GrainTableShape& shape) {
    constexpr std::uint64_t zero_mark = 1;
    if (entry == 0) return ExtentKind::unallocated;
    return entry == zero_mark && shape.has_zero_grains ? ExtentKind::zero : ExtentKind::data;
}

/// Of an entry in a directory.
inline bool leads_to_table(const WordTables& words, std::uint64_t entry, const GrainTableShape& shape) {
    return kind_of_entry(entry, shape) == ExtentKind::data &&
           words.contains(place_of_entry(entry), shape.grains_per_table);
}

/// The run that begins with the first of a table's entries, which is valid. `is_valid` is asked about the others that
/// are data.
template <typename IsValid>
GrainRun run_of_entries(const WordRun& entries, const GrainTableShape& shape, GrainRunBy by, IsValid is_valid) {
    const std::uint64_t grain_sectors = shape.grain_size.value / sector_bytes;
    const std::uint64_t first = entries[0];
    const ExtentKind kind = kind_of_entry(first, shape);
    std::size_t count = 1;
    for (; count < entries.count; ++count) {
        const std::uint64_t entry = entries[count];
        if (kind_of_entry(entry, shape) != kind) break;
        if (kind != ExtentKind::data) continue;
        if (!is_valid(entry)) break;
        if (by == GrainRunBy::place && entry != first + count * grain_sectors) break;
    }
    return {kind, count, kind == ExtentKind::data ? place_of_entry(first) : ByteOffset{}};
}

}  // namespace varve::vmdk
