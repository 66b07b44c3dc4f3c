#include "engine/jobs/intact_reader.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/map_proof.h"
#include "engine/repository/slot_in_force.h"

namespace varve {
namespace {

/// Also an error of the medium: its place is as lost as a damaged one.
bool is_loss(const Error& error) { return is_damaged_or_missing(error) || error.code() == ErrorCode::io; }

/// The ids of a leaf's chunks; nullopt where the slot table of a chunk is lost.
std::optional<std::array<ChunkId, map_fanout>> ids_of(const LeafPage& page, const SlotDirectory& directory) {
    SlotsInForce slots(directory);
    std::array<ChunkId, map_fanout> ids{};
    for (std::size_t i = 0; i < map_fanout; ++i) {
        if (page.entries[i].kind != MapKind::present) continue;
        try {
            ids[i] = slots.get(page.entries[i].address).slot().id;
        } catch (const Error& error) {
            if (!is_loss(error)) throw;
            return std::nullopt;
        }
    }
    return ids;
}

}  // namespace

IntactReader::IntactReader(const Repository& repository, const SnapshotRecord& snapshot, ByteRange range)
    : repository_(repository),
      snapshot_(snapshot),
      range_(range),
      disk_(repository.chunks, snapshot),
      root_fault_(root_fault(snapshot)) {
    const DiskMap map(repository.chunks, snapshot);
    walk(map, map_root_level, 0, map.root());
}

void IntactReader::walk(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree) {
    const std::uint64_t last = first + leaves_per_entry(level + 1);
    if (subtree.kind != MapKind::present) return;
    if (clipped(first * leaf_bytes, last * leaf_bytes).length.value == 0) return;
    try {
        if (!is_whole(map, level, first, subtree)) return;
        if (level == 0) return;
        const auto page = map.inner(level, subtree);
        for (std::size_t i = 0; i < map_fanout; ++i)
            walk(map, level - 1, first + i * leaves_per_entry(level), page->entries[i]);
    } catch (const Error& error) {
        if (!is_loss(error)) throw;
        lose_page(level, first, error.what());
    }
}

/// Whether the page has the digest that the page above states; if not, it is lost.
bool IntactReader::is_whole(const DiskMap& map, int level, std::uint64_t first, const Subtree& subtree) {
    Digest found = subtree.digest;
    if (level > 0)
        found = inner_digest(*map.inner(level, subtree));
    else if (const auto ids = ids_of(*map.leaf(subtree), repository_.catalog))
        found = leaf_digest(*ids);
    if (found == subtree.digest) return true;
    lose_page(level, first,
              fmt::format("expected digest {}, found {}", to_hex(subtree.digest.view()), to_hex(found.view())));
    return false;
}

void IntactReader::lose_page(int level, std::uint64_t first, const std::string& why) {
    const ByteRange range = clipped(first * leaf_bytes, (first + leaves_per_entry(level + 1)) * leaf_bytes);
    unmapped_.emplace(range.begin.value, range.end().value);
    lose(range, FindingKind::map_damaged, fmt::format("map page of level {}: {}", level, why));
}

/// [begin, end) within the range and the disk.
ByteRange IntactReader::clipped(std::uint64_t begin, std::uint64_t end) const {
    const std::uint64_t from = std::max(begin, range_.begin.value);
    const std::uint64_t to = std::min(end, range_.end().value);
    return {{from}, {to > from ? to - from : 0}};
}

void IntactReader::lose(ByteRange range, FindingKind kind, const std::string& why) const {
    const std::lock_guard lock(mutex_);
    const auto after = lost_.upper_bound(range.begin.value);
    if (after != lost_.begin()) {
        LostPlace& before = std::prev(after)->second;
        if (before.end >= range.end().value) return;  // read again
        if (before.end == range.begin.value && before.kind == kind) {
            before.end = range.end().value;
            return;
        }
    }
    lost_.emplace(range.begin.value, LostPlace{range.end().value, kind, why});
}

ByteRange IntactReader::next_unmapped(ByteRange in) const {
    auto range = unmapped_.upper_bound(in.begin.value);
    if (range != unmapped_.begin() && std::prev(range)->second > in.begin.value) --range;
    if (range == unmapped_.end() || range->first >= in.end().value) return {in.end(), {}};
    const ByteOffset begin{std::max(range->first, in.begin.value)};
    return {begin, ByteOffset{std::min(range->second, in.end().value)} - begin};
}

Extent IntactReader::extent_at(ByteOffset at) const {
    const ByteRange rest{at, range_.end() - at};
    const ByteRange gap = next_unmapped(rest);
    if (gap.begin == at && gap.length.value != 0) return {at, gap.length, ExtentKind::zero};
    Extent extent = disk_.extent_at(at);
    extent.length = std::min(extent.end(), gap.begin) - at;
    return extent;
}

void IntactReader::read(ByteOffset at, ByteSpan out) const {
    while (!out.empty()) {
        const ByteRange gap = next_unmapped({at, {out.size()}});
        const auto before = static_cast<std::size_t>((gap.begin - at).value);
        const auto done = static_cast<std::size_t>((gap.end() - at).value);
        if (before != 0) read_mapped(at, out.first(before));
        std::ranges::fill(out.subspan(before, done - before), std::byte{0});
        at += {done};
        out = out.subspan(done);
    }
}

/// At once, and chunk by chunk only where that fails.
void IntactReader::read_mapped(ByteOffset at, ByteSpan out) const {
    try {
        disk_.read(at, out);
        return;
    } catch (const Error& error) {
        if (!is_loss(error)) throw;
    }
    while (!out.empty()) {
        const std::size_t length = std::min(out.size(), chunk_bytes - static_cast<std::size_t>(at.value % chunk_bytes));
        read_chunk(at, out.first(length));
        at += {length};
        out = out.subspan(length);
    }
}

void IntactReader::read_chunk(ByteOffset at, ByteSpan out) const {
    try {
        disk_.read(at, out);
    } catch (const Error& error) {
        if (!is_loss(error)) throw;
        std::ranges::fill(out, std::byte{0});
        lose({at, {out.size()}}, FindingKind::chunk_damaged, error.what());
    }
}

std::vector<Finding> IntactReader::findings() const {
    std::vector<Finding> found;
    if (root_fault_)
        found.push_back(
            finding_at(snapshot_, FindingKind::root_mismatch, 0, 0, "log entry", "the snapshot " + *root_fault_));
    const std::lock_guard lock(mutex_);
    for (const auto& [begin, place] : lost_) {
        const bool continues = !found.empty() && found.back().kind == place.kind && found.back().length != 0 &&
                               found.back().offset + found.back().length == begin;
        if (continues)
            found.back().length += place.end - begin;
        else
            found.push_back(finding_at(snapshot_, place.kind, begin, place.end, "", place.message));
    }
    return found;
}

}  // namespace varve
