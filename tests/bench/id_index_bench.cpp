// Rates of the id index: chunks entered in packs of 1024, each pack its own transaction, then looked up. Per CPU
// second. Usage: id_index_bench [CHUNKS] [FOLDER]; a million chunks, under the system's temporary folder.

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>

#include <fmt/format.h>

#include "catalog/index_merge.h"
#include "catalog/schema.h"
#include "catalog/sqlite_catalog.h"
#include "tests/fakes/sample_log.h"

namespace varve {
namespace {

constexpr std::uint32_t pack_chunks = 1024;
constexpr std::uint32_t lookups = 1'000'000;

class CpuClock {
public:
    double seconds() const { return now() - begin_; }

private:
    static double now() {
        timespec t{};
        ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
    }
    double begin_ = now();
};

void print(const char* what, std::uint64_t count, double cpu_seconds) {
    fmt::print("{:<44} {:>10} in {:>7.2f} CPU s: {:>11.0f}/s\n", what, count, cpu_seconds,
               static_cast<double>(count) / cpu_seconds);
    std::fflush(stdout);
}

/// Resident memory as the kernel reports it: anonymous, and of mapped files (filters, shared memory of SQLite).
void print_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon") || line.starts_with("RssFile")) fmt::print("{}\n", line);
}

/// The chunk with this number: ids are random, yet need not be kept in memory.
ChunkId chunk(std::uint64_t number) {
    std::mt19937_64 random(number);
    ChunkId id;
    for (std::size_t i = 0; i < id.bytes.size(); i += 8)
        store_le<std::uint64_t>(ByteSpan(id.bytes).subspan(i, 8), random());
    return id;
}

StoredPack pack_of(SampleLog& log, std::uint64_t first) {
    std::vector<ChunkId> ids(pack_chunks);
    for (std::uint32_t i = 0; i < pack_chunks; ++i) ids[i] = chunk(first + i);
    return log.data_pack(ids);
}

/// Index entries alone, as a transaction of the catalog enters them.
void bench_entries(const std::filesystem::path& folder, std::uint64_t chunks) {
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "index.sqlite").close();
    SqliteDatabase database(folder / "index.sqlite", 4096);
    create_schema(database, RepositoryId::make(), {});
    std::mt19937_64 random(1);
    IndexRuns runs;
    CatalogState state;
    const CpuClock clock;
    for (PackNumber pack = 1; pack <= chunks / pack_chunks; ++pack) {
        std::vector<IndexEntry> entries(pack_chunks);
        for (std::uint32_t i = 0; i < pack_chunks; ++i) entries[i] = {random(), pack, i};
        SqliteTransaction transaction(database, SqliteLock::immediate);
        runs =
            add_to_index(database, folder, state, runs, std::move(entries), {[](PackNumber) { return true; }, chunks});
        transaction.commit();
    }
    print("enter index entries", chunks, clock.seconds());
    fmt::print("{} runs\n", runs.size());
}

void bench_catalog(const std::filesystem::path& folder, std::uint64_t chunks) {
    SampleLog log(1);
    const auto catalog = open_sqlite_catalog(folder, log.repository(), log.genesis());
    double making = 0, worst = 0;
    const CpuClock clock;
    for (std::uint64_t first = 0; first < chunks; first += pack_chunks) {
        const CpuClock pack_clock;
        const StoredPack pack = pack_of(log, first);
        making += pack_clock.seconds();
        const CpuClock transaction_clock;
        catalog->add_uncommitted({&pack, 1});
        worst = std::max(worst, transaction_clock.seconds());
    }
    print("enter chunks with their slot tables", chunks, clock.seconds() - making);
    fmt::print("longest transaction: {:.2f} CPU s\n", worst);
}

/// `number(i)` is the chunk to look up; `expected` is whether the chunks exist.
template <typename Number>
void bench_lookups(const Catalog& catalog, const char* what, std::uint64_t count, bool expected, const Number& number) {
    constexpr std::uint64_t batch = 10'000;  // so that making ids is not timed, nor fills the memory that is shown
    double seconds = 0;
    std::uint64_t found = 0;
    std::vector<ChunkId> ids;
    for (std::uint64_t first = 0; first < count; first += batch) {
        ids.clear();
        for (std::uint64_t i = first; i < std::min(first + batch, count); ++i) ids.push_back(chunk(number(i)));
        const CpuClock clock;
        for (const ChunkId& id : ids) found += catalog.find_chunk(id).has_value();
        seconds += clock.seconds();
    }
    print(what, count, seconds);
    if (found != (expected ? count : 0)) {
        fmt::print("wrong: {} of {} were found\n", found, count);
        std::exit(1);
    }
}

void bench_all_lookups(const std::filesystem::path& folder, std::uint64_t chunks) {
    const SampleLog log(1);
    const auto catalog = open_sqlite_catalog(folder, log.repository(), log.genesis());
    print_memory();
    const CpuClock clock;
    catalog->find_chunk({});
    fmt::print("first look-up: {:.3f} CPU s\n", clock.seconds());
    bench_lookups(*catalog, "look up chunks that do not exist", lookups, false,
                  [&](std::uint64_t i) { return chunks + i; });
    bench_lookups(*catalog, "look up chunks in the order they were stored", std::min<std::uint64_t>(lookups, chunks),
                  true, [](std::uint64_t i) { return i; });
    bench_lookups(*catalog, "look up chunks at random", lookups / 20, true,
                  [&](std::uint64_t i) { return i * 7'919'993 % chunks; });
    const ChunkAddress address = *catalog->find_chunk(chunk(0));
    const CpuClock current_clock;
    for (std::uint32_t i = 0; i < lookups; ++i) catalog->current({address.pack, i % pack_chunks});
    print("resolve addresses", lookups, current_clock.seconds());
    const CpuClock slots_clock;
    for (std::uint32_t i = 0; i < lookups; ++i) catalog->slots(address.pack);
    print("ask for a slot table (cached)", lookups, slots_clock.seconds());
    print_memory();
}

}  // namespace
}  // namespace varve

int main(int argc, char** argv) {
    const std::uint64_t asked = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const std::uint64_t chunks = varve::divide_up(asked, varve::pack_chunks) * varve::pack_chunks;
    const std::filesystem::path parent =
        argc > 2 ? std::filesystem::path(argv[2]) : std::filesystem::temp_directory_path();
    const std::filesystem::path folder = parent / ("varve-id-index-bench-" + varve::PackId::make().hex());
    varve::bench_entries(folder / "entries", chunks);
    varve::bench_catalog(folder / "catalog", chunks);
    varve::bench_all_lookups(folder / "catalog", chunks);
    std::filesystem::remove_all(folder);
}
