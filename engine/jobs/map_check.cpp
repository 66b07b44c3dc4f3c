#include "engine/jobs/map_check.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/map_proof.h"

namespace varve {

void MapCheck::run(const SnapshotRecord& snapshot) {
    snapshot_ = &snapshot;
    const DiskMap map(repository_.chunks, snapshot);
    if (const auto fault = root_fault(snapshot))
        findings_.push_back(
            finding_at(snapshot, FindingKind::root_mismatch, 0, 0, "log entry", "the snapshot " + *fault));
    places_left_ = places_left(findings_);
    walk(map, map_root_level, 0, map.root());
    if (places_left_ == 0) findings_.push_back(more_places(snapshot, FindingKind::map_damaged));
    for (const Attachment& attachment : snapshot.attachments) check(attachment);
}

void MapCheck::check(const Attachment& attachment) {
    if (proved_attachments_.contains(attachment.address)) return;
    std::string what;
    try {
        usage_.add(attachment.address);
        const Bytes bytes = repository_.chunks.get_metadata(attachment.address, SlotKind::attachment);
        proved_attachments_.insert(attachment.address);
        if (bytes.size() == attachment.bytes) return;
        what = fmt::format("expected {} bytes, found {}", attachment.bytes, bytes.size());
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        what = error.what();
    }
    findings_.push_back(
        finding_at(*snapshot_, FindingKind::attachment_damaged, 0, 0, slot_name(attachment.address),
                   fmt::format("attachment '{}' at {}: {}", attachment.name, slot_name(attachment.address), what)));
}

/// Whether all that the subtree covers is within the disk.
bool MapCheck::is_inside(const DiskMap& map, int level, std::uint64_t first) {
    return first + leaves_per_entry(level + 1) <= map.size().value / leaf_bytes;
}

bool MapCheck::walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree) {
    if (subtree.kind != MapKind::present) return true;
    const ProvedPage page{subtree.page, is_inside(map, level, first) ? ByteCount{} : map.size()};
    if (proved_.contains(page)) return true;
    if (places_left_ == 0) return false;
    if (level < map_root_level && first >= leaf_count(map.size())) {
        report(level, first, subtree, "it is past the disk's end");
        return false;
    }
    try {
        usage_.add(subtree.page);
        bool is_whole = true;
        const Digest digest =
            level == 0 ? walk_leaf(map, first, subtree) : walk_inner(map, level, first, subtree, is_whole);
        if (digest != subtree.digest) {
            report(level, first, subtree,
                   fmt::format("expected digest {}, found {}", to_hex(subtree.digest.view()), to_hex(digest.view())));
            return false;
        }
        if (is_whole && proved_.insert(page).second) ++proved_pages_;
        return is_whole;
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error)) throw;
        report(level, first, subtree, error.what());
        return false;
    }
}

Digest MapCheck::walk_leaf(const DiskMap& map, std::uint64_t first, const Subtree& subtree) {
    const auto page = map.leaf(subtree);
    const std::uint64_t chunks = chunk_count(map.size()) - first * map_fanout;
    const PresentChunks present(*page);
    if (!present.positions.empty() && present.positions.back() >= chunks)
        throw Error(ErrorCode::corrupt, "it has chunks past the disk's end");
    const std::vector<SlotInForce> slots = slots_.get(present.addresses);
    std::array<ChunkId, map_fanout> ids{};
    for (std::size_t i = 0; i < slots.size(); ++i) {
        ids[present.positions[i]] = slots[i].slot().id;
        usage_.add(slots[i]);
    }
    return leaf_digest(ids);
}

Digest MapCheck::walk_inner(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree,
                            bool& is_whole) {
    const auto page = map.inner(level, subtree);
    for (std::size_t i = 0; i < map_fanout; ++i)
        is_whole &= walk(map, level - 1, first + i * leaves_per_entry(level), page->entries[i]);
    return inner_digest(*page);
}

void MapCheck::report(int level, std::uint64_t first, const Subtree& subtree, const std::string& what) {
    if (places_left_ == 0) return;
    --places_left_;
    const std::uint64_t last = first + leaves_per_entry(level + 1);
    findings_.push_back(
        finding_at(*snapshot_, FindingKind::map_damaged, first * leaf_bytes, last * leaf_bytes, slot_name(subtree.page),
                   fmt::format("map page of level {} at {}: {}", level, slot_name(subtree.page), what)));
}

}  // namespace varve
