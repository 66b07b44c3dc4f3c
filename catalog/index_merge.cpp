#include "catalog/index_merge.h"

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "engine/base/random.h"
#include "engine/repository/catalog.h"

namespace varve {
namespace {

/// Sizes that differ by less than a factor of four are similar, and so are all up to 4096 entries.
int size_class(std::uint64_t entries) { return std::max(0, (static_cast<int>(std::bit_width(entries)) - 11) / 2); }
constexpr std::ptrdiff_t like_runs_max = 3;

/// Dead entries are worth a rewrite when they outnumber the live ones and are not just a few.
constexpr std::uint64_t dead_entries_min = 64 * 1024;

std::uint64_t count_entries(const IndexRuns& runs) {
    std::uint64_t sum = 0;
    for (const auto& run : runs) sum += run->entries();
    return sum;
}

/// The runs to be merged with `added` entries into one new run.
IndexRuns choose(const IndexRuns& runs, std::uint64_t added, std::uint64_t live_chunks) {
    IndexRuns chosen;
    std::uint64_t total = added;
    while (total > 0) {
        const int like = size_class(total);
        IndexRuns group;
        std::copy_if(runs.begin(), runs.end(), std::back_inserter(group),
                     [&](const auto& run) { return size_class(run->entries()) <= like; });
        const auto alike = std::count_if(group.begin(), group.end(),
                                         [&](const auto& run) { return size_class(run->entries()) == like; });
        const std::uint64_t merged = added + count_entries(group);
        if (group.size() <= chosen.size() || alike < like_runs_max || merged > index_run_entries_max) break;
        chosen = std::move(group);
        total = merged;
    }
    // The oldest run is rewritten without its dead entries and becomes the newest, so that eventually every run gets
    // its turn.
    const std::uint64_t all = count_entries(runs) + added;
    if (!runs.empty() && all > 2 * live_chunks + dead_entries_min &&
        std::find(chosen.begin(), chosen.end(), runs.front()) == chosen.end() &&
        total + runs.front()->entries() <= index_run_entries_max + dead_entries_min)
        chosen.push_back(runs.front());
    return chosen;
}

/// The ascending entries of a run, or of a list in memory.
class EntrySource {
public:
    explicit EntrySource(IndexPage entries) : page_(std::move(entries)) {}
    EntrySource(SqliteDatabase& database, const IndexRun& run) : database_(&database), run_(&run) { load(); }

    bool is_at_end() const { return next_ == page_.size(); }
    const IndexEntry& head() const { return page_[next_]; }
    void advance() {
        if (++next_ == page_.size() && run_ != nullptr) load();
    }

private:
    void load() {
        page_.clear();
        next_ = 0;
        if (next_page_ == run_->pages()) return;
        std::optional<IndexPage> page = read_page(*database_, *run_, next_page_++);
        if (!page)
            throw Error(ErrorCode::catalog_damaged,
                        fmt::format("the catalog is damaged: run {} of the id index lacks a page", run_->number()));
        page_ = std::move(*page);
    }

    SqliteDatabase* database_ = nullptr;
    const IndexRun* run_ = nullptr;
    IndexPage page_;
    std::size_t next_ = 0;
    std::size_t next_page_ = 0;
};

/// Writes ascending entries to the pages and the filter of a new run.
class RunBuilder {
public:
    RunBuilder(SqliteDatabase& database, RunNumber number, std::uint64_t entries_max)
        : database_(database), number_(number), filter_(entries_max) {}

    void add(const IndexEntry& entry) {
        filter_.add(entry.tag);
        page_.push_back(entry);
        ++entries_;
        if (page_.size() == index_page_entries) flush();
    }

    /// Null if nothing was added.
    std::shared_ptr<const IndexRun> finish(const std::filesystem::path& folder) && {
        if (!page_.empty()) flush();
        if (entries_ == 0) return nullptr;
        // The number of a run can recur after a rollback, and so can its filter file: the random key distinguishes
        // them.
        std::array<std::byte, 8> key{};
        random_bytes(key);
        const auto run =
            std::make_shared<const IndexRun>(number_, entries_, load_le<std::uint64_t>(key), std::move(first_tags_));
        write_run_row(database_, *run);
        run->set_filter(
            has_filter_file(folder, entries_)
                ? std::move(filter_).finish_in_file(filter_file(folder, run->filter_key()), run->filter_key())
                : std::move(filter_).finish());
        return run;
    }

private:
    void flush() {
        write_page(database_, number_, first_tags_.size(), page_);
        first_tags_.push_back(page_.front().tag);
        page_.clear();
    }

    SqliteDatabase& database_;
    RunNumber number_;
    IdFilterBuilder filter_;
    std::uint64_t entries_ = 0;
    IndexPage page_;
    std::vector<IdTag> first_tags_;
};

void merge(std::vector<EntrySource> sources, const std::function<bool(PackNumber)>& is_live, RunBuilder& to) {
    std::optional<IndexEntry> last;
    while (true) {
        EntrySource* least = nullptr;
        for (EntrySource& source : sources)
            if (!source.is_at_end() && (least == nullptr || source.head() < least->head())) least = &source;
        if (least == nullptr) return;
        const IndexEntry entry = least->head();
        least->advance();
        if (entry == last || !is_live(entry.pack)) continue;
        to.add(entry);
        last = entry;
    }
}

}  // namespace

IndexRuns add_to_index(SqliteDatabase& database, const std::filesystem::path& folder, CatalogState& state,
                       const IndexRuns& runs, std::vector<IndexEntry> added, const IndexedPacks& packs) {
    const IndexRuns merged = choose(runs, added.size(), packs.live_chunks);
    if (added.empty() && merged.empty()) return runs;

    const std::uint64_t entries_max = added.size() + count_entries(merged);
    std::sort(added.begin(), added.end());
    std::vector<EntrySource> sources;
    sources.emplace_back(std::move(added));
    for (const auto& run : merged) sources.emplace_back(database, *run);
    RunBuilder builder(database, state.next_run++, entries_max);
    merge(std::move(sources), packs.is_live, builder);

    IndexRuns result;
    for (const auto& run : runs) {
        if (std::find(merged.begin(), merged.end(), run) == merged.end()) {
            result.push_back(run);
            continue;
        }
        drop_run(database, *run);
        state.runs_sum -= run->seal();
    }
    if (auto run = std::move(builder).finish(folder)) {
        state.runs_sum += run->seal();
        result.push_back(std::move(run));
    }
    return result;
}

}  // namespace varve
