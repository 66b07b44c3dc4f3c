#include "catalog/catalog_view.h"

#include <mutex>
#include <unordered_set>

namespace varve {

std::shared_ptr<const CatalogView> CatalogView::read(SqliteDatabase& database,
                                                     const std::shared_ptr<const CatalogView>& before,
                                                     const IndexRuns& made) {
    const CatalogState state = read_state(database);
    if (before && before->state_.generation == state.generation) return before;

    const auto view = std::make_shared<CatalogView>();
    view->state_ = state;
    IndexRuns known = before ? before->runs_ : IndexRuns();
    known.insert(known.end(), made.begin(), made.end());
    view->runs_ = read_runs(database, known);
    std::uint64_t runs_sum = 0;
    for (const auto& run : view->runs_) runs_sum += run->seal();
    if (runs_sum != state.runs_sum)
        throw Error(ErrorCode::catalog_damaged, "the catalog is damaged: rows of the id index are missing");
    if (before) view->take_unchanged(*before, database);
    return view;
}

/// Reads only the numbers of rows that changed since.
void CatalogView::take_unchanged(const CatalogView& before, SqliteDatabase& database) {
    const auto numbers = changed_pack_numbers(database, before.state_.generation);
    const std::unordered_set<PackNumber> changed(numbers.begin(), numbers.end());
    const std::shared_lock lock(before.mutex_);
    for (const auto& [number, row] : before.rows_)
        if (!changed.contains(number)) keep(row);
}

const PackRow* CatalogView::known(PackNumber number) const {
    const std::shared_lock lock(mutex_);
    const auto found = rows_.find(number);
    return found == rows_.end() ? nullptr : found->second.get();
}

const PackRow* CatalogView::known(const PackId& id) const {
    const std::shared_lock lock(mutex_);
    const auto found = numbers_.find(id);
    return found == numbers_.end() ? nullptr : rows_.at(found->second).get();
}

/// Another thread may have been faster; its row is the same.
const PackRow* CatalogView::keep(std::shared_ptr<const PackRow> row) const {
    const std::unique_lock lock(mutex_);
    numbers_.emplace(row->id, row->number);
    const PackNumber number = row->number;
    return rows_.try_emplace(number, std::move(row)).first->second.get();
}

std::optional<const PackRow*> CatalogView::find(SqliteDatabase& database, PackNumber number) const {
    if (const PackRow* row = known(number)) return row;
    if (number == 0 || number > state_.packs) return nullptr;
    PackRow row = read_pack_row(database, number);
    if (row.changed > state_.generation) return std::nullopt;
    return keep(std::make_shared<const PackRow>(std::move(row)));
}

std::optional<const PackRow*> CatalogView::find(SqliteDatabase& database, const PackId& id) const {
    if (const PackRow* row = known(id)) return row;
    std::optional<PackRow> row = find_pack_row(database, id);
    // Rows are never deleted: what the database does not have now, it did not have then.
    if (!row) return nullptr;
    if (row->changed > state_.generation) return std::nullopt;
    return keep(std::make_shared<const PackRow>(*std::move(row)));
}

std::optional<const PackRow*> CatalogView::find(ReaderPool& readers, const PackId& id) const {
    if (const PackRow* row = known(id)) return row;
    const ReaderPool::Lease reader(readers);
    const SqliteTransaction transaction(*reader, SqliteLock::shared);  // the bucket belongs to its rows
    return find(*reader, id);
}

std::optional<const PackRow*> CatalogView::find(ReaderPool& readers, PackNumber number) const {
    if (const PackRow* row = known(number)) return row;
    const ReaderPool::Lease reader(readers);
    return find(*reader, number);
}

std::optional<std::vector<PackRow>> CatalogView::packs(SqliteDatabase& database) const {
    if (read_state(database).generation != state_.generation) return std::nullopt;
    return read_all_pack_rows(database, state_.packs);
}

}  // namespace varve
