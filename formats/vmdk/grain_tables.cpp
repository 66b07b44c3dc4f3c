#include "formats/vmdk/grain_tables.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/vmdk/error.h"

namespace varve::vmdk {
namespace {

bool leads_to_grain(const WordTables& words, std::uint64_t entry) {
    return place_of_entry(entry).value < words.device()->size().value;
}

std::string directory_problem(const WordTables& words, std::uint64_t table, std::uint64_t entry) {
    return fmt::format(
        "grain directory entry {}: expected a grain table within the {} bytes of the file, found sector "
        "{}",
        table, words.device()->size().value, entry);
}

}  // namespace

GrainTables::GrainTables(ByteSourcePtr device, ByteOffset directory, const GrainTableShape& shape,
                         std::shared_ptr<ReadCaches> caches)
    : tables_(std::move(device), grain_entry_bytes, std::move(caches)), directory_(directory), shape_(shape) {
    if (!tables_.contains(directory, shape.tables()))
        throw corrupt(tables_.device()->place(directory),
                      fmt::format("expected the grain directory of {} entries here, found the end of the file at {}",
                                  shape.tables(), tables_.device()->size().value));
}

GrainRun GrainTables::run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const {
    VARVE_CHECK(grains_max > 0 && grain < shape_.grains && grains_max <= shape_.grains - grain);
    const std::uint64_t table = grain / shape_.grains_per_table;
    const std::uint64_t index = grain % shape_.grains_per_table;
    const ByteOffset at = directory_ + ByteCount{table * grain_entry_bytes};
    const std::uint64_t entry = tables_.words_from(at, 1)[0];
    if (kind_of_entry(entry, shape_) != ExtentKind::data) return run_of_tables(table, index, grains_max);
    if (!leads_to_table(tables_, entry, shape_))
        throw corrupt(tables_.device()->place(at), directory_problem(tables_, table, entry));
    return run_in_table(place_of_entry(entry), grain, std::min(grains_max, shape_.grains_per_table - index), by);
}

/// The grains of missing tables, from `table` on, without its first `skipped` grains.
GrainRun GrainTables::run_of_tables(std::uint64_t table, std::uint64_t skipped, std::uint64_t grains_max) const {
    const WordRun entries =
        tables_.words_from(directory_ + ByteCount{table * grain_entry_bytes}, shape_.tables() - table);
    std::size_t tables = 1;
    while (tables < entries.count && entries[tables] == entries[0]) ++tables;
    const std::uint64_t grains = tables * std::uint64_t{shape_.grains_per_table} - skipped;
    return {kind_of_entry(entries[0], shape_), std::min(grains, grains_max), {}};
}

GrainRun GrainTables::run_in_table(ByteOffset table, std::uint64_t grain, std::uint64_t grains_max,
                                   GrainRunBy by) const {
    const ByteOffset at = table + ByteCount{grain % shape_.grains_per_table * grain_entry_bytes};
    const WordRun entries = tables_.words_from(at, grains_max);
    const ExtentKind kind = kind_of_entry(entries[0], shape_);
    if (kind == ExtentKind::data && !leads_to_grain(tables_, entries[0]))
        throw corrupt(tables_.device()->place(at),
                      fmt::format("grain table {}, entry {}: expected a grain within the {} bytes of the file, found "
                                  "sector {}",
                                  grain / shape_.grains_per_table, grain % shape_.grains_per_table,
                                  tables_.device()->size().value, entries[0]));
    return run_of_entries(entries, shape_, by, [this](std::uint64_t entry) { return leads_to_grain(tables_, entry); });
}

DirectoryState GrainTables::inspect(const ByteSourcePtr& device, ByteOffset directory, const GrainTableShape& shape,
                                    const std::shared_ptr<ReadCaches>& caches) {
    const WordTables words(device, grain_entry_bytes, caches);
    DirectoryState state;
    if (!words.contains(directory, shape.tables())) {
        state.damage = fmt::format("it should have {} entries at byte {}, but the file ends at {}", shape.tables(),
                                   directory.value, device->size().value);
        return state;
    }
    for (std::uint64_t table = 0; table < shape.tables();) {
        const WordRun entries =
            words.words_from(directory + ByteCount{table * grain_entry_bytes}, shape.tables() - table);
        for (std::size_t i = 0; i < entries.count; ++i) {
            if (kind_of_entry(entries[i], shape) != ExtentKind::data || leads_to_table(words, entries[i], shape))
                continue;
            state.damage = directory_problem(words, table + i, entries[i]);
            return state;
        }
        table += entries.count;
    }
    return state;
}

}  // namespace varve::vmdk
