#include "catalog/slot_table_cache.h"

#include "catalog/slot_table_row.h"

namespace varve {

std::shared_ptr<const SlotTable> SlotTableCache::find(const PackRow& row) {
    if (const auto kept = tables_.find(row.number); kept && kept->seal == row.slots_seal) return kept->table;
    const ReaderPool::Lease reader(readers_);
    std::shared_ptr<const SlotTable> table = read_slot_table(*reader, row);
    if (table)
        tables_.put(row.number, std::make_shared<const Sealed>(Sealed{row.slots_seal, table}), memory_bytes(*table));
    return table;
}

}  // namespace varve
