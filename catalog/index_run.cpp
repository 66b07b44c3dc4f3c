#include "catalog/index_run.h"

#include <algorithm>

#include <fmt/format.h>

#include "catalog/seal.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"

namespace varve {
namespace {

/// Below this size a filter is rebuilt in a few milliseconds and is not worth a file.
constexpr std::uint64_t filter_file_entries_min = 64 * 1024;
constexpr int page_bits = 20;

[[noreturn]] void fail(RunNumber run, const std::string& what) {
    throw Error(ErrorCode::catalog_damaged,
                fmt::format("the catalog is damaged: run {} of the id index {}", run, what));
}

Bytes encode_tags(const std::vector<IdTag>& tags) {
    ByteWriter to;
    for (const IdTag tag : tags) to.u64le(tag);
    return to.release();
}

std::vector<IdTag> parse_tags(ByteView bytes) {
    std::vector<IdTag> tags;
    tags.reserve(bytes.size() / sizeof(IdTag));
    for (; bytes.size() >= sizeof(IdTag); bytes = bytes.subspan(sizeof(IdTag)))
        tags.push_back(load_le<IdTag>(bytes.first(sizeof(IdTag))));
    return tags;
}

std::shared_ptr<const IndexRun> read_run(SqliteDatabase& database, RunNumber number) {
    SqliteQuery row = database.query("SELECT entries, filter_key, first_tags, seal FROM id_runs WHERE run = ?", number);
    if (!row.step()) fail(number, "vanished");
    auto run = std::make_shared<const IndexRun>(number, row.number(0), row.number(1), parse_tags(row.blob(2)));
    if (run->seal() != row.number(3)) fail(number, "does not match its checksum");
    if (run->pages() != divide_up(run->entries(), index_page_entries)) fail(number, "has a wrong number of pages");
    return run;
}

/// Every row includes its key, so that no page is mistaken for another.
std::uint64_t page_seal(std::uint64_t key, ByteView entries) { return seal_of(key, entries); }

}  // namespace

IndexRun::IndexRun(RunNumber number, std::uint64_t entries, std::uint64_t filter_key, std::vector<IdTag> first_tags)
    : number_(number),
      entries_(entries),
      filter_key_(filter_key),
      first_tags_(std::move(first_tags)),
      seal_(Seal("run").add(number).add(entries).add(filter_key).add(encode_tags(first_tags_)).value()) {}

IndexRun::PageRange IndexRun::pages_of(IdTag tag) const {
    const auto after = std::upper_bound(first_tags_.begin(), first_tags_.end(), tag);
    if (after == first_tags_.begin()) return {};
    // A page that begins with the tag may follow one that ends with it.
    auto first = std::lower_bound(first_tags_.begin(), after, tag);
    if (first != first_tags_.begin()) --first;
    return {static_cast<std::size_t>(first - first_tags_.begin()),
            static_cast<std::size_t>(after - first_tags_.begin())};
}

void IndexRun::set_filter(std::unique_ptr<const IdFilter> filter) const {
    const std::lock_guard lock(filter_mutex_);
    if (filter_owner_) return;
    filter_owner_ = std::move(filter);
    filter_.store(filter_owner_.get(), std::memory_order_release);
}

std::filesystem::path filter_file(const std::filesystem::path& folder, std::uint64_t filter_key) {
    return folder / fmt::format("ids-{:016x}.filter", filter_key);
}

bool has_filter_file(const std::filesystem::path& folder, std::uint64_t entries) {
    return !folder.empty() && entries >= filter_file_entries_min;
}

IndexRuns read_runs(SqliteDatabase& database, const IndexRuns& known) {
    std::vector<RunNumber> numbers;
    {
        SqliteQuery rows = database.query("SELECT run FROM id_runs ORDER BY run");
        while (rows.step()) numbers.push_back(rows.number(0));
    }
    IndexRuns runs;
    for (const RunNumber number : numbers) {
        const auto found =
            std::find_if(known.begin(), known.end(), [&](const auto& run) { return run->number() == number; });
        runs.push_back(found != known.end() ? *found : read_run(database, number));
    }
    return runs;
}

void write_run_row(SqliteDatabase& database, const IndexRun& run) {
    const Bytes tags = encode_tags(run.first_tags());
    database.run("INSERT INTO id_runs VALUES (?, ?, ?, ?, ?)", run.number(), run.entries(), run.filter_key(),
                 ByteView(tags), run.seal());
}

void drop_run(SqliteDatabase& database, const IndexRun& run) {
    database.run("DELETE FROM id_pages WHERE page BETWEEN ? AND ?", page_key(run.number(), 0),
                 page_key(run.number() + 1, 0) - 1);
    database.run("DELETE FROM id_runs WHERE run = ?", run.number());
}

std::uint64_t page_key(RunNumber run, std::size_t page) { return (run << page_bits) + page; }

std::optional<IndexPage> read_page(SqliteDatabase& database, const IndexRun& run, std::size_t page) {
    const std::uint64_t key = page_key(run.number(), page);
    SqliteQuery row = database.query("SELECT seal, entries FROM id_pages WHERE page = ?", key);
    if (!row.step()) return std::nullopt;
    const ByteView bytes = row.blob(1);
    if (row.number(0) != page_seal(key, bytes))
        fail(run.number(), fmt::format("does not match its checksum in page {}", page));
    const std::uint64_t expected =
        page + 1 < run.pages() ? index_page_entries : run.entries() - page * index_page_entries;
    if (bytes.size() != expected * index_entry_bytes)
        fail(run.number(), fmt::format("has a wrong length of page {}", page));
    IndexPage entries(bytes.size() / index_entry_bytes);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const ByteView at = bytes.subspan(i * index_entry_bytes, index_entry_bytes);
        entries[i] = {load_le<IdTag>(at), load_le<PackNumber>(at.subspan(8)), load_le<std::uint32_t>(at.subspan(12))};
    }
    return entries;
}

void write_page(SqliteDatabase& database, RunNumber run, std::size_t page, std::span<const IndexEntry> entries) {
    VARVE_CHECK(!entries.empty() && entries.size() <= index_page_entries && page < (std::size_t{1} << page_bits));
    Bytes bytes(entries.size() * index_entry_bytes);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const ByteSpan at = ByteSpan(bytes).subspan(i * index_entry_bytes, index_entry_bytes);
        store_le<IdTag>(at, entries[i].tag);
        store_le<PackNumber>(at.subspan(8), entries[i].pack);
        store_le<std::uint32_t>(at.subspan(12), entries[i].slot);
    }
    const std::uint64_t key = page_key(run, page);
    database.run("INSERT INTO id_pages VALUES (?, ?, ?)", key, page_seal(key, bytes), ByteView(bytes));
}

bool load_filter(SqliteDatabase& database, const std::filesystem::path& folder, const IndexRun& run) {
    const bool in_file = has_filter_file(folder, run.entries());
    const std::filesystem::path file = filter_file(folder, run.filter_key());
    if (in_file) {
        if (auto filter = IdFilter::open(file, run.filter_key())) {
            run.set_filter(std::move(filter));
            return true;
        }
    }
    IdFilterBuilder builder(run.entries());
    for (std::size_t i = 0; i < run.pages(); ++i) {
        const std::optional<IndexPage> page = read_page(database, run, i);
        if (!page) return false;
        for (const IndexEntry& entry : *page) builder.add(entry.tag);
    }
    run.set_filter(in_file ? std::move(builder).finish_in_file(file, run.filter_key()) : std::move(builder).finish());
    return true;
}

}  // namespace varve
