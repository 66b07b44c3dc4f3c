#pragma once
/// The grain map of a hosted sparse extent that keeps its directory and its tables twice, so that one copy can make up
/// for what the other has lost. Source: VMware Virtual Disk Format 5.0, "Grain Directory and Grain Tables".
///
/// A table and its copy are compared once, when they are loaded into the cache:
///
///     they are equal                                 read as they are
///     entries of one lead to no grain, all of the    the other is read, with a warning
///     other's are valid
///     an entry is 0 in one of them                   the other's entry is read, with a warning
///     two valid entries, or two invalid ones,        that grain is corrupt: nothing shows which is right
///     differ
///
/// Memory: the cached tables, and a tree node for each table that differs, up to 65,536.

#include <mutex>
#include <set>

#include "formats/vmdk/grain_entry.h"

namespace varve::vmdk {

struct TwinDirectories {
    ByteOffset first;
    ByteOffset second;      ///< the redundant one
    ByteOffset data_begin;  ///< no grain begins before this
};

/// How the entries of two directories compare.
struct DirectoryComparison {
    std::uint64_t only_second = 0;  ///< entries that lead to a table only in the second directory
    std::uint64_t only_first = 0;
    std::uint64_t neither = 0;  ///< entries that lead nowhere in both, and are not empty
    std::uint64_t at = 0;       ///< the first of these entries
};

class TwinTables final : public GrainMap {
public:
    /// Both directories are inside the device.
    TwinTables(ByteSourcePtr device, const TwinDirectories& directories, const GrainTableShape& shape,
               std::shared_ptr<ReadCaches> caches);

    GrainRun run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const override;
    std::vector<std::string> late_warnings() const override;

    /// Reads both directories, page by page.
    DirectoryComparison compare_directories() const;

private:
    /// Which tables differ from their copies in a way that was made up for.
    struct Differences {
        std::set<std::uint64_t> tables;
        std::uint64_t first_table = 0;
        std::uint64_t first_entry = 0;

        void add(std::uint64_t table, std::uint64_t entry);
        std::string text() const;
    };

    std::uint64_t directory_entry(ByteOffset directory, std::uint64_t table) const;
    GrainRun run_of_tables(std::uint64_t table, std::uint64_t skipped, std::uint64_t grains_max) const;
    WordRun entries_from(std::uint64_t table, std::uint64_t index, std::uint64_t count) const;
    Bytes load(std::uint64_t table) const;
    Bytes merge(std::uint64_t table, const Bytes& first, const Bytes& second) const;
    std::uint64_t entries_in(std::uint64_t table) const;
    bool is_readable(std::uint64_t entry) const;
    bool is_sound(std::uint64_t entry) const;
    bool is_sound_table(ByteView table) const;
    std::uint32_t choose(std::uint32_t first, std::uint32_t second) const;
    void note(Differences& differences, std::uint64_t table, ByteView wrong, ByteView right) const;
    [[noreturn]] void fail(std::uint64_t table, std::uint64_t index) const;

    WordTables words_;
    TwinDirectories directories_;
    GrainTableShape shape_;
    std::shared_ptr<ReadCaches> caches_;
    std::uint64_t cache_owner_;
    mutable std::mutex mutex_;         // for what follows
    mutable Differences made_up_for_;  ///< the first copy was wrong
    mutable Differences passed_over_;  ///< the second copy was wrong
};

}  // namespace varve::vmdk
