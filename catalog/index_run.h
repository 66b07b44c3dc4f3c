#pragma once
/// One sorted run of the id index: (tag, address) entries in pages, with the first tag of each page in memory and a
/// filter in front. Written once, never changed, dropped once it is merged into a larger one; its number is never
/// used again. Layout and rules: catalog/SCHEMA.md.

#include <atomic>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "catalog/id_filter.h"
#include "catalog/pack_row.h"
#include "catalog/sqlite.h"
#include "engine/repository/chunk.h"

namespace varve {

using RunNumber = std::uint64_t;

/// A chunk whose id begins with `tag` is in this slot. Only the slot table has the whole id.
struct IndexEntry {
    IdTag tag = 0;
    PackNumber pack = 0;
    std::uint32_t slot = 0;
    friend auto operator<=>(const IndexEntry&, const IndexEntry&) = default;
};

using IndexPage = std::vector<IndexEntry>;

/// A page fills one SQLite page, so that a look-up reads only one.
inline constexpr std::size_t index_page_entries = 1020;
inline constexpr std::size_t index_entry_bytes = 16;

inline IdTag tag_of(const ChunkId& id) { return load_be<IdTag>(id.view().first(sizeof(IdTag))); }

class IndexRun {
public:
    IndexRun(RunNumber number, std::uint64_t entries, std::uint64_t filter_key, std::vector<IdTag> first_tags);

    RunNumber number() const { return number_; }
    std::uint64_t entries() const { return entries_; }
    std::size_t pages() const { return first_tags_.size(); }
    /// The checksum of the run's row.
    std::uint64_t seal() const { return seal_; }
    std::uint64_t filter_key() const { return filter_key_; }
    const std::vector<IdTag>& first_tags() const { return first_tags_; }

    /// The pages that can contain `tag`: at most two unless one tag fills pages.
    struct PageRange {
        std::size_t begin = 0;
        std::size_t end = 0;
    };
    PageRange pages_of(IdTag tag) const;

    /// The filter, or null until one is set. The first one set stays.
    const IdFilter* filter() const { return filter_.load(std::memory_order_acquire); }
    void set_filter(std::unique_ptr<const IdFilter> filter) const;

private:
    RunNumber number_;
    std::uint64_t entries_;
    std::uint64_t filter_key_;
    std::vector<IdTag> first_tags_;
    std::uint64_t seal_;
    mutable std::mutex filter_mutex_;
    mutable std::unique_ptr<const IdFilter> filter_owner_;
    mutable std::atomic<const IdFilter*> filter_{nullptr};
};

using IndexRuns = std::vector<std::shared_ptr<const IndexRun>>;

/// The file of a run's filter, if that is large enough for one and the catalog is not in memory (without a folder).
std::filesystem::path filter_file(const std::filesystem::path& folder, std::uint64_t filter_key);
bool has_filter_file(const std::filesystem::path& folder, std::uint64_t entries);

/// All runs, ascending by number; those already in `known` are taken from there.
IndexRuns read_runs(SqliteDatabase& database, const IndexRuns& known);
void write_run_row(SqliteDatabase& database, const IndexRun& run);
/// Removes the row and the pages.
void drop_run(SqliteDatabase& database, const IndexRun& run);

/// A name for a page that is unique across all runs ever written.
std::uint64_t page_key(RunNumber run, std::size_t page);
/// nullopt: the run is no longer in the database. Throws Error(catalog_damaged) when the page does not match its
/// checksum.
std::optional<IndexPage> read_page(SqliteDatabase& database, const IndexRun& run, std::size_t page);
void write_page(SqliteDatabase& database, RunNumber run, std::size_t page, std::span<const IndexEntry> entries);

/// Sets the run's filter: from its file, or rebuilt from its pages. False: the run is no longer in the database.
bool load_filter(SqliteDatabase& database, const std::filesystem::path& folder, const IndexRun& run);

}  // namespace varve
