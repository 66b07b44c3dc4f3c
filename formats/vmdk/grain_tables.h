#pragma once
/// The grain map of extents that keep it once, such as COWD extents and streams: two levels of 32-bit sector numbers
/// (grain_entry.h), a directory of tables and tables of grains.

#include <memory>
#include <optional>
#include <string>

#include "formats/vmdk/grain_entry.h"

namespace varve::vmdk {

/// The result of checking every entry of a directory.
struct DirectoryState {
    std::string damage;  ///< the first invalid entry, and why; empty: all are valid
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
