#include "catalog/catalog_view.h"

#include <algorithm>

#include <fmt/format.h>

namespace varve {

std::shared_ptr<const CatalogView> CatalogView::read(SqliteDatabase& database,
                                                     const std::shared_ptr<const CatalogView>& before,
                                                     const IndexRuns& made) {
    const CatalogState state = read_state(database);
    if (before && before->state_.generation == state.generation) return before;

    const bool grows = before && before->state_.epoch == state.epoch;
    auto view = grows ? std::make_shared<CatalogView>(*before) : std::make_shared<CatalogView>();
    const std::uint64_t since = grows ? before->state_.generation : 0;
    const std::size_t sorted_count = view->packs_.size();
    view->state_ = state;
    for (PackRow& row : read_changed_packs(database, since)) view->take(std::move(row));
    view->sort_new_packs(sorted_count);

    IndexRuns known = view->runs_;
    known.insert(known.end(), made.begin(), made.end());
    view->runs_ = read_runs(database, known);
    view->check_sums();
    return view;
}

const PackRow* CatalogView::find(const PackId& id) const {
    const auto found = std::lower_bound(by_id_.begin(), by_id_.end(), id, [&](PackNumber number, const PackId& wanted) {
        return packs_[number - 1].id < wanted;
    });
    return found != by_id_.end() && packs_[*found - 1].id == id ? &packs_[*found - 1] : nullptr;
}

const PackRow* CatalogView::find(PackNumber number) const {
    return number > 0 && number <= packs_.size() ? &packs_[number - 1] : nullptr;
}

void CatalogView::take(PackRow row) {
    packs_sum_ += row.seal;
    if (row.number > 0 && row.number <= packs_.size()) {
        packs_sum_ -= packs_[row.number - 1].seal;
        packs_[row.number - 1] = std::move(row);
    } else if (row.number == packs_.size() + 1) {
        packs_.push_back(std::move(row));
    } else {
        throw Error(ErrorCode::catalog_damaged, fmt::format("the catalog is damaged: expected pack number {}, found {}",
                                                            packs_.size() + 1, row.number));
    }
}

void CatalogView::sort_new_packs(std::size_t sorted_count) {
    const auto by_id = [&](PackNumber a, PackNumber b) { return packs_[a - 1].id < packs_[b - 1].id; };
    for (std::size_t i = sorted_count; i < packs_.size(); ++i) by_id_.push_back(static_cast<PackNumber>(i + 1));
    const auto middle = by_id_.begin() + static_cast<std::ptrdiff_t>(sorted_count);
    std::sort(middle, by_id_.end(), by_id);
    std::inplace_merge(by_id_.begin(), middle, by_id_.end(), by_id);
}

void CatalogView::check_sums() const {
    std::uint64_t runs_sum = 0;
    for (const auto& run : runs_) runs_sum += run->seal();
    if (packs_.size() != state_.packs || packs_sum_ != state_.packs_sum || runs_sum != state_.runs_sum)
        throw Error(ErrorCode::catalog_damaged, "the catalog is damaged: rows of packs or of the id index are missing");
}

}  // namespace varve
