#pragma once
/// A Catalog with nothing but a list of snapshots, for code that looks up snapshots by name. Everything else throws.

#include <algorithm>

#include "engine/repository/catalog.h"

namespace varve {

class SnapshotList final : public Catalog {
public:
    /// In the catalog's order.
    void add(SnapshotRecord record) {
        list_.push_back({std::move(record), list_.size() + 1, 0});
        std::stable_sort(list_.begin(), list_.end(), [](const ListedSnapshot& a, const ListedSnapshot& b) {
            return std::tie(a.record.disk, a.record.time, a.commit) < std::tie(b.record.disk, b.record.time, b.commit);
        });
    }

    std::vector<ListedSnapshot> snapshots(const std::optional<std::string>& disk = std::nullopt) const override {
        return filtered([&](const SnapshotRecord& r) { return !disk || r.disk == *disk; });
    }
    std::vector<ListedSnapshot> last_snapshots(const std::string& disk, std::size_t count) const override {
        std::vector<ListedSnapshot> all = snapshots(disk);
        std::ranges::sort(all, {}, &ListedSnapshot::commit);
        const auto begin = all.end() - static_cast<std::ptrdiff_t>(std::min(count, all.size()));
        const auto active =
            std::find_if(all.rbegin(), all.rend(), [](const ListedSnapshot& s) { return is_active_state(s.record); });
        std::vector<ListedSnapshot> last;
        if (active != all.rend() && active.base() - 1 < begin) last.push_back(*active);
        last.insert(last.end(), begin, all.end());
        return last;
    }
    std::vector<ListedSnapshot> snapshots_by_prefix(const std::string& hex_prefix) const override {
        return filtered([&](const SnapshotRecord& r) { return r.id.hex().starts_with(hex_prefix); });
    }

    LogHead head() const override { unexpected(); }
    bool apply(const LogHead&, const LogRecord&, std::span<const StoredPack>, std::span<const MoveTable>) override {
        unexpected();
    }
    void load(const LogState&, std::span<const MoveTable>) override { unexpected(); }
    bool skip(const LogHead&, const LogHead&) override { unexpected(); }
    std::vector<LogNumber> lost_entries() const override { unexpected(); }
    void replace(const LogHead&, const std::function<void(Catalog&)>&) override { unexpected(); }
    std::optional<ListedPack> pack(const PackId&) const override { unexpected(); }
    std::vector<ListedPack> packs() const override { unexpected(); }
    std::vector<MoveRun> moves(std::uint64_t) const override { unexpected(); }
    LogNumber last_move() const override { unexpected(); }
    void add_uncommitted(std::span<const StoredPack>) override { unexpected(); }
    void drop_uncommitted(std::span<const PackId>) override { unexpected(); }
    std::optional<ChunkAddress> find_chunk(const ChunkId&, const ChunkTest&) const override { unexpected(); }
    std::shared_ptr<const SlotTable> slots(const PackId&) const override { unexpected(); }
    std::optional<ChunkAddress> current(const ChunkAddress&) const override { unexpected(); }
    std::vector<std::optional<ChunkAddress>> all_current(std::span<const ChunkAddress>) const override { unexpected(); }

private:
    template <typename Predicate>
    std::vector<ListedSnapshot> filtered(Predicate wanted) const {
        std::vector<ListedSnapshot> out;
        for (const ListedSnapshot& s : list_) {
            if (wanted(s.record)) out.push_back(s);
        }
        return out;
    }
    [[noreturn]] static void unexpected() { throw Error(ErrorCode::unsupported, "a SnapshotList only lists"); }

    std::vector<ListedSnapshot> list_;
};

}  // namespace varve
