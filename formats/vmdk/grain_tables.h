#pragma once
/// The grain map of hosted sparse extents and COWD extents: two levels of 32-bit sector numbers, a directory of tables
/// and tables of grains. Source: VMware Virtual Disk Format 5.0, "Grain Directory and Grain Tables".
///
/// An entry of 0 is unallocated. An entry of 1 means zeros if the extent uses zeroed grains: one grain of them in a
/// table, a whole table's worth in the directory.

#include <memory>
#include <optional>
#include <string>

#include "formats/vmdk/grain_map.h"
#include "formats/vmdk/word_tables.h"

namespace varve::vmdk {

struct GrainTableShape {
    std::uint64_t grains = 0;  ///< of the extent
    std::uint32_t grains_per_table = 0;
    ByteCount grain_size;
    bool has_zero_grains = false;

    std::uint64_t tables() const { return divide_up(grains, grains_per_table); }
};

/// The result of checking every entry of a directory.
struct DirectoryState {
    std::string damage;  ///< the first invalid entry, and why; empty: all are valid
    bool is_empty = true;
};

class GrainTables final : public GrainMap {
public:
    /// Throws Error(corrupt) if the directory is not inside the device.
    GrainTables(ByteSourcePtr device, ByteOffset directory, const GrainTableShape& shape,
                std::shared_ptr<ReadCaches> caches);

    GrainRun run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const override;

    /// Reads the whole directory, page by page.
    static DirectoryState inspect(const ByteSourcePtr& device, ByteOffset directory, const GrainTableShape& shape,
                                  const std::shared_ptr<ReadCaches>& caches);

private:
    GrainRun run_of_tables(std::uint64_t table, std::uint64_t skipped, std::uint64_t grains_max) const;
    GrainRun run_in_table(ByteOffset table, std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const;

    WordTables tables_;
    ByteOffset directory_;
    GrainTableShape shape_;
};

}  // namespace varve::vmdk
