#include "formats/vmdk/twin_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/vmdk/error.h"

namespace varve::vmdk {
namespace {

/// In a merged table: the copies contradict each other. Leads to no grain, as it is not on a boundary of grains.
constexpr std::uint32_t contradiction = 0xffffffff;
constexpr std::size_t differing_tables_max = 65536;

std::uint32_t entry_of(ByteView table, std::uint64_t index) {
    return load_le<std::uint32_t>(table.subspan(static_cast<std::size_t>(index * grain_entry_bytes)));
}

}  // namespace

void TwinTables::Differences::add(std::uint64_t table, std::uint64_t entry) {
    if (tables.empty()) {
        first_table = table;
        first_entry = entry;
    }
    if (tables.size() < differing_tables_max) tables.insert(table);
}

std::string TwinTables::Differences::text() const {
    return fmt::format("{}{} of the grain tables (the first: table {}, entry {})",
                       tables.size() == differing_tables_max ? "at least " : "", tables.size(), first_table,
                       first_entry);
}

TwinTables::TwinTables(ByteSourcePtr device, const TwinDirectories& directories, const GrainTableShape& shape,
                       std::shared_ptr<ReadCaches> caches)
    : words_(std::move(device), grain_entry_bytes, caches),
      directories_(directories),
      shape_(shape),
      caches_(std::move(caches)),
      cache_owner_(caches_->tables.new_owner()) {}

std::uint64_t TwinTables::directory_entry(ByteOffset directory, std::uint64_t table) const {
    return words_.words_from(directory + ByteCount{table * grain_entry_bytes}, 1)[0];
}

std::uint64_t TwinTables::entries_in(std::uint64_t table) const {
    return std::min<std::uint64_t>(shape_.grains_per_table, shape_.grains - table * shape_.grains_per_table);
}

/// Whether an entry in a table, neither 0 nor the mark of zeros, leads to a grain.
bool TwinTables::is_readable(std::uint64_t entry) const {
    return entry != contradiction && place_of_entry(entry).value < words_.device()->size().value;
}

/// Whether any entry may be in a sound table.
bool TwinTables::is_sound(std::uint64_t entry) const {
    if (kind_of_entry(entry, shape_) != ExtentKind::data) return true;
    return is_readable(entry) && place_of_entry(entry) >= directories_.data_begin;
}

GrainRun TwinTables::run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const {
    VARVE_CHECK(grains_max > 0 && grain < shape_.grains && grains_max <= shape_.grains - grain);
    const std::uint64_t table = grain / shape_.grains_per_table;
    const std::uint64_t index = grain % shape_.grains_per_table;
    if (!leads_to_table(words_, directory_entry(directories_.first, table), shape_) &&
        !leads_to_table(words_, directory_entry(directories_.second, table), shape_))
        return run_of_tables(table, index, grains_max);
    const WordRun entries = entries_from(table, index, std::min(grains_max, shape_.grains_per_table - index));
    if (kind_of_entry(entries[0], shape_) == ExtentKind::data && !is_readable(entries[0])) fail(table, index);
    return run_of_entries(entries, shape_, by, [this](std::uint64_t entry) { return is_readable(entry); });
}

/// The grains of tables that are missing in both copies, from `table` on, without its first `skipped` grains.
GrainRun TwinTables::run_of_tables(std::uint64_t table, std::uint64_t skipped, std::uint64_t grains_max) const {
    const std::uint64_t rest = shape_.tables() - table;
    const ByteCount from{table * grain_entry_bytes};
    const WordRun first = words_.words_from(directories_.first + from, rest);
    const WordRun second = words_.words_from(directories_.second + from, rest);
    const ExtentKind kind = std::max(kind_of_entry(first[0], shape_), kind_of_entry(second[0], shape_));
    for (const auto& [entry, directory] : {std::pair{first[0], directories_.first}, {second[0], directories_.second}})
        if (kind_of_entry(entry, shape_) == ExtentKind::data)
            throw corrupt(words_.device()->place(directory + from),
                          fmt::format("grain directory entry {}: expected a grain table within the {} bytes of the "
                                      "file, found sector {}, and no table in the other copy of the directory",
                                      table, words_.device()->size().value, entry));
    std::size_t tables = 1;
    while (tables < std::min(first.count, second.count) && first[tables] == first[0] && second[tables] == second[0])
        ++tables;
    const std::uint64_t grains = tables * std::uint64_t{shape_.grains_per_table} - skipped;
    return {kind, std::min(grains, grains_max), {}};
}

WordRun TwinTables::entries_from(std::uint64_t table, std::uint64_t index, std::uint64_t count) const {
    BlockCache::Block merged = caches_->tables.get({cache_owner_, table}, [&] { return load(table); });
    return {{std::move(merged), static_cast<std::size_t>(index * grain_entry_bytes), static_cast<std::size_t>(count),
             grain_entry_bytes},
            static_cast<std::size_t>(count)};
}

/// At least one of the directories leads to the table.
Bytes TwinTables::load(std::uint64_t table) const {
    const std::uint64_t first = directory_entry(directories_.first, table);
    const std::uint64_t second = directory_entry(directories_.second, table);
    const auto read = [&](std::uint64_t entry) { return words_.copy_from(place_of_entry(entry), entries_in(table)); };
    if (!leads_to_table(words_, first, shape_)) return read(second);
    if (!leads_to_table(words_, second, shape_)) return read(first);
    return merge(table, read(first), read(second));
}

bool TwinTables::is_sound_table(ByteView table) const {
    for (std::uint64_t i = 0; i < table.size() / grain_entry_bytes; ++i)
        if (!is_sound(entry_of(table, i))) return false;
    return true;
}

/// What two different entries say together.
std::uint32_t TwinTables::choose(std::uint32_t first, std::uint32_t second) const {
    if (first == 0 && is_sound(second)) return second;
    if (second == 0 && is_sound(first)) return first;
    if (first != 0 && second != 0 && is_sound(first) != is_sound(second)) return is_sound(first) ? first : second;
    return contradiction;
}

Bytes TwinTables::merge(std::uint64_t table, const Bytes& first, const Bytes& second) const {
    if (first == second) return first;
    const bool is_first_sound = is_sound_table(first);
    const bool is_second_sound = is_sound_table(second);
    Bytes merged = is_second_sound && !is_first_sound ? second : first;
    for (std::uint64_t i = 0; is_first_sound == is_second_sound && i < first.size() / grain_entry_bytes; ++i) {
        if (entry_of(first, i) == entry_of(second, i)) continue;
        store_le<std::uint32_t>(ByteSpan(merged).subspan(static_cast<std::size_t>(i * grain_entry_bytes)),
                                choose(entry_of(first, i), entry_of(second, i)));
    }
    if (merged != first) note(made_up_for_, table, first, merged);
    if (merged != second) note(passed_over_, table, second, merged);
    return merged;
}

void TwinTables::note(Differences& differences, std::uint64_t table, ByteView wrong, ByteView right) const {
    std::uint64_t entry = 0;
    while (entry_of(wrong, entry) == entry_of(right, entry)) ++entry;
    const std::lock_guard lock(mutex_);
    differences.add(table, entry);
}

/// About an entry that is invalid in both copies, or in the only one.
void TwinTables::fail(std::uint64_t table, std::uint64_t index) const {
    std::vector<std::string> found;
    ByteOffset at;
    for (const ByteOffset directory : {directories_.second, directories_.first}) {
        const std::uint64_t entry = directory_entry(directory, table);
        if (!leads_to_table(words_, entry, shape_)) continue;
        at = place_of_entry(entry) + ByteCount{index * grain_entry_bytes};
        found.insert(found.begin(), fmt::format("sector {}", words_.words_from(at, 1)[0]));
    }
    throw corrupt(words_.device()->place(at),
                  fmt::format("grain table {}, entry {}: expected a grain within the {} bytes of the file, the same in "
                              "both copies of the table, found {}",
                              table, index, words_.device()->size().value, fmt::join(found, " and ")));
}

DirectoryComparison TwinTables::compare_directories() const {
    DirectoryComparison result;
    for (std::uint64_t table = 0; table < shape_.tables();) {
        const ByteCount from{table * grain_entry_bytes};
        const WordRun first = words_.words_from(directories_.first + from, shape_.tables() - table);
        const WordRun second = words_.words_from(directories_.second + from, first.count);
        for (std::size_t i = 0; i < second.count; ++i) {
            const bool in_first = leads_to_table(words_, first[i], shape_);
            const bool in_second = leads_to_table(words_, second[i], shape_);
            if (in_first && in_second) continue;
            if (!in_first && !in_second && kind_of_entry(first[i], shape_) != ExtentKind::data &&
                kind_of_entry(second[i], shape_) != ExtentKind::data)
                continue;
            if (result.only_first + result.only_second + result.neither == 0) result.at = table + i;
            ++(in_first ? result.only_first : in_second ? result.only_second : result.neither);
        }
        table += second.count;
    }
    return result;
}

std::vector<std::string> TwinTables::late_warnings() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> sentences;
    const std::string place = words_.device()->place({});
    if (!made_up_for_.tables.empty())
        sentences.push_back(
            fmt::format("{}: {} are damaged; their redundant copies were read instead. Other programs may read zeros "
                        "there, or refuse the disk: 'varve convert' writes a sound one",
                        place, made_up_for_.text()));
    if (!passed_over_.tables.empty())
        sentences.push_back(fmt::format(
            "{}: the redundant copies of {} are damaged; the tables themselves were read. Other programs may refuse "
            "the disk: 'varve convert' writes a sound one",
            place, passed_over_.text()));
    return sentences;
}

}  // namespace varve::vmdk
