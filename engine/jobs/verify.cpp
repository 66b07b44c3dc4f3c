#include "engine/jobs/verify.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/base/escape.h"
#include "engine/base/ordered_pipeline.h"
#include "engine/jobs/finding.h"
#include "engine/jobs/pack_usage.h"
#include "engine/repository/disk_map.h"
#include "engine/repository/known_chunks.h"

namespace varve {
namespace {

std::string page_name(const ChunkAddress& address) {
    return fmt::format("slot {} of pack {}", address.slot, address.pack.hex());
}

/// Walks what one snapshot names: its attachments, and its map, whose pages are each read and proved by their digest
/// once, however many snapshots share them.
class SnapshotCheck {
public:
    SnapshotCheck(const Repository& repository, PackUsage& usage, std::set<ChunkAddress>& seen,
                  std::vector<Finding>& findings)
        : repository_(repository), usage_(usage), seen_(seen), findings_(findings) {}

    void run(const SnapshotRecord& snapshot) {
        snapshot_ = &snapshot;
        const DiskMap map(repository_.chunks, snapshot);
        if (root_identity(snapshot.size, snapshot.map_digest) != snapshot.root)
            findings_.push_back(finding_at(snapshot, "root_mismatch", 0, 0, "log entry",
                                           "the snapshot's root does not follow from its size and its map's digest"));
        walk(map, map_root_level, 0, map.root());
        for (const Attachment& attachment : snapshot.attachments) check(attachment);
    }

private:
    void check(const Attachment& attachment) {
        if (seen_.contains(attachment.address)) return;
        std::string what;
        try {
            usage_.add(attachment.address);
            const Bytes bytes = repository_.chunks.get_metadata(attachment.address, SlotKind::attachment);
            seen_.insert(attachment.address);
            if (bytes.size() == attachment.bytes) return;
            what = fmt::format("expected {} bytes, found {}", attachment.bytes, bytes.size());
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
            what = error.what();
        }
        findings_.push_back(finding_at(*snapshot_, "attachment_damaged", 0, 0, page_name(attachment.address),
                                       fmt::format("attachment '{}' at {}: {}", escape_for_display(attachment.name),
                                                   page_name(attachment.address), what)));
    }

    void walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree) {
        if (subtree.kind != MapKind::present || seen_.contains(subtree.page)) return;
        try {
            usage_.add(subtree.page);
            const Digest digest = level == 0 ? walk_leaf(map, subtree) : walk_inner(map, level, first, subtree);
            if (digest != subtree.digest)
                tell(level, first, subtree,
                     fmt::format("expected digest {}, found {}", to_hex(subtree.digest.view()), to_hex(digest.view())));
            else
                seen_.insert(subtree.page);
        } catch (const Error& error) {
            if (!is_damaged_or_missing(error)) throw;
            tell(level, first, subtree, error.what());
        }
    }

    Digest walk_leaf(const DiskMap& map, const Subtree& subtree) {
        const KnownLeaf known = describe_leaf(map, repository_.catalog, subtree);
        for (const LeafEntry& entry : known.page.entries)
            if (entry.kind == MapKind::present) usage_.add(entry.address);
        return leaf_digest(known.ids);
    }

    Digest walk_inner(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree) {
        const auto page = map.inner(level, subtree);
        for (std::size_t i = 0; i < map_fanout; ++i)
            walk(map, level - 1, first + i * leaves_per_entry(level), page->entries[i]);
        return inner_digest(*page);
    }

    void tell(int level, std::uint64_t first, const Subtree& subtree, const std::string& what) {
        const std::uint64_t last = first + leaves_per_entry(level + 1);
        findings_.push_back(
            finding_at(*snapshot_, "map_damaged", first * leaf_bytes, last * leaf_bytes, page_name(subtree.page),
                       fmt::format("map page of level {} at {}: {}", level, page_name(subtree.page), what)));
    }

    const Repository& repository_;
    PackUsage& usage_;
    std::set<ChunkAddress>& seen_;
    std::vector<Finding>& findings_;
    const SnapshotRecord* snapshot_ = nullptr;
};

/// What is wrong, by where it lies today.
struct Damage {
    std::unordered_map<ChunkAddress, std::string> slots;
    std::unordered_map<PackId, std::string> packs;  ///< no slot of it can be trusted to be there
    bool empty() const { return slots.empty() && packs.empty(); }

    const std::string* find(const ChunkAddress& current) const {
        if (const auto slot = slots.find(current); slot != slots.end()) return &slot->second;
        const auto pack = packs.find(current.pack);
        return pack == packs.end() ? nullptr : &pack->second;
    }
};

Finding pack_finding(std::string kind, const PackId& pack, std::string message) {
    Finding finding;
    finding.kind = std::move(kind);
    finding.object = "pack " + pack.hex();
    finding.message = std::move(message);
    return finding;
}

/// Reads every pack in use, whole.
class PackCheckRun {
public:
    PackCheckRun(const Repository& repository, const PackUsage& usage, VerifyReport& report)
        : repository_(repository), usage_(usage), report_(report) {}

    Damage run(Progress& progress, const std::stop_token& stop) {
        const std::vector<ListedPack> packs = packs_in_use();
        ByteCount total;
        for (const ListedPack& pack : packs) total += pack.facts.size;
        progress.begin("verifying", total);
        OrderedPipeline<PackFacts, Checked> pipeline(worker_count(), worker_count() + 1,
                                                     [this](PackFacts&& facts) { return check(facts); });
        ByteCount done;
        const auto take = [&] {
            throw_if_stopped(stop);
            const Checked checked = pipeline.take();
            note(checked);
            done += checked.facts.size;
            progress.advance(done);
        };
        for (const ListedPack& pack : packs) pipeline.feed(pack.facts, take);
        pipeline.drain(take);
        return std::move(damage_);
    }

private:
    struct Checked {
        PackFacts facts;
        ChunkStore::CheckedPack counts;
        std::vector<PackDamage> damages;
        bool is_missing = false;
    };

    std::vector<ListedPack> packs_in_use() {
        std::vector<ListedPack> packs;
        for (const PackId& id : usage_.packs())
            if (const auto pack = repository_.catalog.pack(id)) packs.push_back(*pack);
        return packs;
    }

    Checked check(const PackFacts& facts) const {
        Checked checked;
        checked.facts = facts;
        try {
            checked.counts = repository_.chunks.check_pack(
                facts, [&](const PackDamage& damage) { checked.damages.push_back(damage); });
        } catch (const Error& error) {
            if (error.code() != ErrorCode::not_found) throw;
            checked.is_missing = true;
            checked.damages.push_back({std::nullopt, error.what()});
        }
        return checked;
    }

    void note(const Checked& checked) {
        if (checked.facts.kind == PackKind::data) {
            report_.checked_chunks += checked.counts.slots;
            report_.checked_bytes += checked.counts.plain;
        }
        for (const PackDamage& damage : checked.damages) {
            if (damage.slot) {
                damage_.slots.emplace(ChunkAddress{checked.facts.id, *damage.slot}, damage.message);
                continue;
            }
            report_.findings.push_back(
                pack_finding(checked.is_missing ? "pack_missing" : "pack_damaged", checked.facts.id, damage.message));
            if (checked.is_missing) damage_.packs.emplace(checked.facts.id, damage.message);
        }
    }

    const Repository& repository_;
    const PackUsage& usage_;
    VerifyReport& report_;
    Damage damage_;
};

/// Says which guest bytes of which snapshots the damage hits. Only run when there is damage.
class DamageLocator {
public:
    DamageLocator(const Repository& repository, const Damage& damage, std::vector<Finding>& findings)
        : repository_(repository), damage_(damage), findings_(findings) {}

    void run(const SnapshotRecord& snapshot) {
        const DiskMap map(repository_.chunks, snapshot);
        try {
            for_each_leaf_span(map, 0, leaf_count(snapshot.size), [&](const LeafSpan& span) {
                if (span.subtree.kind == MapKind::present) look_at(map, snapshot, span);
            });
        } catch (const Error& error) {  // a damaged page, which the map check has reported
            if (!is_damaged_or_missing(error)) throw;
        }
    }

private:
    void look_at(const DiskMap& map, const SnapshotRecord& snapshot, const LeafSpan& span) {
        const auto page = map.leaf(span.subtree);
        for (std::size_t i = 0; i < map_fanout; ++i) {
            if (page->entries[i].kind != MapKind::present) continue;
            const auto now = repository_.catalog.current(page->entries[i].address);
            const std::string* message = now ? damage_of(*now) : nullptr;
            if (message == nullptr) continue;
            const std::uint64_t begin = (span.first_leaf * map_fanout + i) * chunk_bytes;
            findings_.push_back(
                finding_at(snapshot, "chunk_damaged", begin, begin + chunk_bytes, page_name(*now), *message));
        }
    }

    /// Of the slot itself, or of the base that it patches.
    const std::string* damage_of(const ChunkAddress& current) const {
        if (const std::string* message = damage_.find(current)) return message;
        const auto table = repository_.catalog.slots(current.pack);
        if (current.slot >= table->slots.size() || table->slots[current.slot].kind != SlotKind::patch) return nullptr;
        const auto base = repository_.catalog.current(table->base_of(current.slot));
        return base ? damage_.find(*base) : nullptr;
    }

    const Repository& repository_;
    const Damage& damage_;
    std::vector<Finding>& findings_;
};

}  // namespace

VerifyReport verify(const Repository& repository, std::span<const SnapshotRecord> snapshots, Progress& progress,
                    std::stop_token stop) {
    VerifyReport report;
    PackUsage usage(repository.catalog);
    std::set<ChunkAddress> seen;
    SnapshotCheck check(repository, usage, seen, report.findings);
    for (const SnapshotRecord& snapshot : snapshots) {
        throw_if_stopped(stop);
        check.run(snapshot);
    }
    const Damage damage = PackCheckRun(repository, usage, report).run(progress, stop);
    if (!damage.empty()) {
        DamageLocator locator(repository, damage, report.findings);
        for (const SnapshotRecord& snapshot : snapshots) locator.run(snapshot);
    }
    merge_neighbours(report.findings);
    return report;
}

}  // namespace varve
