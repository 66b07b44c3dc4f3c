#pragma once
/// A generated log for tests of catalogs: packs with random chunks, and entries about them in a valid chain. The packs
/// do not really exist. Everything is determined by the seed.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "engine/repository/catalog.h"

namespace varve {

/// What catch_up passes to Catalog::apply for one entry.
struct SampleStep {
    LogHead before;
    LogRecord record;
    std::vector<StoredPack> packs;
    std::vector<MoveTable> tables;
};

inline bool enter(Catalog& catalog, const SampleStep& step) {
    return catalog.apply(step.before, step.record, step.packs, step.tables);
}

class SampleLog {
public:
    explicit SampleLog(std::uint64_t seed) : random_(seed) {
        repository_.bytes = bytes<16>();
        genesis_.digest = sha256(repository_.view());
        head_ = genesis_;
    }

    const RepositoryId& repository() const { return repository_; }
    const LogHead& genesis() const { return genesis_; }
    const LogHead& head() const { return head_; }
    const std::deque<SampleStep>& steps() const { return steps_; }

    template <typename Id>
    Id id() {
        Id result;
        result.bytes = bytes<std::tuple_size_v<decltype(result.bytes)>>();
        return result;
    }

    /// A data pack of `chunks` whole chunks, in frames of four.
    StoredPack data_pack(std::uint32_t chunks) {
        std::vector<ChunkId> ids(chunks);
        for (ChunkId& chunk : ids) chunk = id<ChunkId>();
        return data_pack(ids);
    }

    /// A data pack with just these chunks.
    StoredPack data_pack(const std::vector<ChunkId>& ids) {
        return pack(PackKind::data, ids, SlotKind::chunk, chunk_bytes);
    }

    /// A data pack of patches of one block, each based on one of these chunks.
    StoredPack patch_pack(const std::vector<ChunkAddress>& bases) {
        std::vector<ChunkId> ids(bases.size());
        for (ChunkId& chunk : ids) chunk = id<ChunkId>();
        StoredPack made = pack(PackKind::data, ids, SlotKind::patch, patch_block_bytes);
        SlotTable table = *made.slots;
        for (std::uint32_t i = 0; i < bases.size(); ++i) {
            table.slots[i].patch_mask = 1;
            table.patch_bases.push_back({i, bases[i]});
        }
        for (Frame& frame : table.frames) frame.header_bytes += 24 * frame.slot_count;
        made.slots = std::make_shared<const SlotTable>(std::move(table));
        return made;
    }

    StoredPack metadata_pack(std::uint32_t pages) {
        std::vector<ChunkId> ids(pages);
        for (ChunkId& page : ids) page = id<ChunkId>();
        return pack(PackKind::metadata, ids, SlotKind::page, 500);
    }

    SnapshotRecord snapshot(const std::string& disk, TimeNs time) {
        SnapshotRecord r;
        r.id = id<SnapshotId>();
        r.parent = last_snapshot_;
        last_snapshot_ = r.id;
        r.disk = disk;
        r.time = time;
        r.size = {number()};
        r.root = id<Digest>();
        r.map_digest = id<Digest>();
        r.map = {id<PackId>(), 7};
        r.source = {"/srv/" + disk + ".qcow2",
                    "qcow2",
                    number() % 2 == 0 ? "" : "before upgrade",
                    "state of then",
                    {{"cluster_size", "65536"}, {"compat", "1.1"}}};
        r.change_token = Bytes{std::byte{0}, std::byte{255}, std::byte{7}};
        r.tags = {{"why", "nightly \xc3\xa9"}, {"empty", ""}};
        r.statistics = {number(), number(), number(), number(), number(), number(), number()};
        r.attachments = {{"vm.xml", {id<PackId>(), 3}, 1234}, {"nvram", {id<PackId>(), 4}, 5}};
        r.group = "web01";
        r.unreadable = {{{4096}, {512}}, {{1 << 20}, {65536}}};
        return r;
    }

    const SampleStep& commit(std::vector<SnapshotRecord> snapshots, std::vector<StoredPack> packs) {
        CommitEntry entry{std::move(snapshots), {}, {}};
        for (const StoredPack& pack : packs) entry.packs.push_back(pack.facts);
        return add(std::move(entry), std::move(packs), {});
    }

    const SampleStep& forget(std::vector<SnapshotId> snapshots) {
        return add(ForgetEntry{std::move(snapshots)}, {}, {});
    }

    const SampleStep& tag(const SnapshotId& snapshot, std::map<std::string, std::string> added,
                          std::vector<std::string> removed) {
        return add(TagEntry{snapshot, std::move(added), std::move(removed)}, {}, {});
    }

    const SampleStep& move(std::vector<MoveTable> tables, std::vector<StoredPack> packs,
                           std::vector<PackId> condemned) {
        MoveEntry entry{std::vector<ChunkAddress>(tables.size()), {}, std::move(condemned)};
        for (const StoredPack& pack : packs) entry.packs.push_back(pack.facts);
        return add(std::move(entry), std::move(packs), std::move(tables));
    }

    std::uint64_t number() { return random_() >> 1; }

private:
    template <std::size_t N>
    std::array<std::byte, N> bytes() {
        std::array<std::byte, N> result;
        for (std::byte& b : result) b = static_cast<std::byte>(random_());
        return result;
    }

    StoredPack pack(PackKind kind, const std::vector<ChunkId>& ids, SlotKind slot_kind, std::uint32_t length) {
        constexpr std::uint32_t frame_slots = 4;
        SlotTable table;
        std::uint64_t offset = 96;
        for (std::uint32_t first = 0; first < ids.size(); first += frame_slots) {
            const auto count = std::min<std::uint32_t>(frame_slots, static_cast<std::uint32_t>(ids.size()) - first);
            const Frame frame{offset, 40 + 64 * count, length * count, length * count, first, count, FrameCodec::plain};
            for (std::uint32_t i = 0; i < count; ++i) {
                Fingerprint fingerprint;
                if (kind == PackKind::data) fingerprint.bytes = bytes<16>();
                table.slots.push_back({ids[first + i], fingerprint, slot_kind, 0,
                                       static_cast<std::uint32_t>(table.frames.size()), i * length, length});
            }
            table.frames.push_back(frame);
            offset += frame.header_bytes + frame.stored_bytes;
        }
        return {{id<PackId>(), kind, id<Digest>(), {offset}}, std::make_shared<const SlotTable>(std::move(table))};
    }

    const SampleStep& add(decltype(LogEntry::body) body, std::vector<StoredPack> packs, std::vector<MoveTable> tables) {
        SampleStep& step = steps_.emplace_back();
        step.before = head_;
        head_ = {head_.number + 1, id<Digest>()};
        step.record.head = head_;
        LogEntry& entry = step.record.entry;
        entry.nonce = bytes<16>();
        entry.written = 1'700'000'000'000'000'000 + static_cast<TimeNs>(head_.number);
        entry.host = "host1";
        entry.program = "varve test";
        entry.body = std::move(body);
        step.packs = std::move(packs);
        step.tables = std::move(tables);
        return step;
    }

    std::mt19937_64 random_;
    RepositoryId repository_;
    LogHead genesis_;
    LogHead head_;
    SnapshotId last_snapshot_;
    std::deque<SampleStep> steps_;  ///< a deque, so that references to steps remain valid
};

/// The table that moves `count` slots, the first from `from` to `to`.
inline MoveTable one_run(const ChunkAddress& from, std::uint32_t count, const ChunkAddress& to) {
    return {{{from, count, to}}};
}

}  // namespace varve
