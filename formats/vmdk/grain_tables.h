#pragma once
/// Two levels of 32-bit sector numbers: a directory of tables, and tables of grains. Hosted sparse extents and COWD
/// extents have them. Source: VMware Virtual Disk Format 5.0, "Grain Directory and Grain Tables".
///
/// An entry of 0 is unallocated; 1 is zero where the extent says so, a whole table's worth of it in the directory.

#include <memory>
#include <optional>
#include <string>

#include "formats/vmdk/grain_map.h"
#include "formats/vmdk/table_pages.h"

namespace varve::vmdk {

struct GrainTableShape {
    std::uint64_t grains = 0;  ///< of the extent
    std::uint32_t grains_per_table = 0;
    ByteCount grain_size;
    bool has_zero_grains = false;

    std::uint64_t tables() const { return divide_up(grains, grains_per_table); }
};

/// What a look at all entries of a directory tells.
struct DirectoryState {
    std::string damage;  ///< empty: every entry makes sense; else the first that does not, and why
    bool is_empty = true;
};

class GrainTables final : public GrainMap {
public:
    /// Throws Error(corrupt) when the directory does not lie inside the device.
    GrainTables(ByteSourcePtr device, ByteOffset directory, const GrainTableShape& shape,
                std::shared_ptr<ReadCaches> caches);

    GrainRun run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const override;

    /// Reads the whole directory, in pages.
    static DirectoryState inspect(const ByteSourcePtr& device, ByteOffset directory, const GrainTableShape& shape,
                                  const std::shared_ptr<ReadCaches>& caches);

private:
    GrainRun run_of_tables(std::uint64_t table, std::uint64_t skipped, std::uint64_t grains_max) const;
    GrainRun run_in_table(ByteOffset table, std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const;

    TablePages pages_;
    ByteOffset directory_;
    GrainTableShape shape_;
};

}  // namespace varve::vmdk
