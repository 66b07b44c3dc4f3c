#include "engine/repository/map_page.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"

namespace varve {
namespace {

constexpr std::string_view leaf_magic = "VMPL";
constexpr std::string_view inner_magic = "VMPI";
constexpr std::uint8_t page_version = 1;

/// The packs that a page names, numbered in the order of first use.
class PackNumbers {
public:
    std::uint16_t number(const PackId& pack) {
        // Adjacent chunks mostly share a pack, so the last one is checked first.
        for (std::size_t i = packs_.size(); i-- > 0;)
            if (packs_[i] == pack) return static_cast<std::uint16_t>(i);
        packs_.push_back(pack);
        return static_cast<std::uint16_t>(packs_.size() - 1);
    }
    const std::vector<PackId>& packs() const { return packs_; }

private:
    std::vector<PackId> packs_;
};

Bytes page_bytes(std::string_view magic, int level, const PackNumbers& packs, ByteView runs) {
    ByteWriter out;
    out.append(bytes_of(magic));
    out.u8(page_version);
    out.u8(static_cast<std::uint8_t>(level));
    out.u16le(static_cast<std::uint16_t>(packs.packs().size()));
    for (const PackId& pack : packs.packs()) out.append(pack.view());
    out.append(runs);
    return out.release();
}

std::vector<PackId> read_head(ByteReader& in, std::string_view magic, int level) {
    if (text_of(in.take(magic.size())) != magic) in.fail(fmt::format("expected the magic '{}'", magic));
    if (const auto version = in.u8(); version != page_version)
        in.fail(fmt::format("expected page version 1, found {}", version));
    if (const auto found = in.u8(); found != level)
        in.fail(fmt::format("expected a page of level {}, found level {}", level, found));
    const std::uint16_t count = in.u16le();
    if (count > map_fanout) in.fail(fmt::format("expected at most {} packs, found {}", map_fanout, count));
    std::vector<PackId> packs(count);
    for (PackId& pack : packs) pack.bytes = in.array<16>();
    return packs;
}

ChunkAddress read_address(ByteReader& in, const std::vector<PackId>& packs) {
    const std::uint16_t number = in.u16le();
    if (number >= packs.size()) in.fail(fmt::format("pack number {} of {} packs", number, packs.size()));
    return {packs[number], in.u32le()};
}

/// A run's kind and length, checked against what is left of the page.
struct RunHead {
    MapKind kind;
    std::size_t count;
};

RunHead read_run(ByteReader& in, std::size_t covered) {
    const std::uint8_t kind = in.u8();
    const std::size_t count = std::size_t{in.u8()} + 1;
    if (kind > static_cast<std::uint8_t>(MapKind::present)) in.fail(fmt::format("unknown entry kind {}", kind));
    if (count > map_fanout - covered)
        in.fail(fmt::format("a run of {} entries after {} of {}", count, covered, map_fanout));
    return {static_cast<MapKind>(kind), count};
}

/// Length of the run at `begin`: same kind, and for chunks consecutive slots of one pack.
std::size_t leaf_run(const LeafPage& page, std::size_t begin) {
    const LeafEntry& first = page.entries[begin];
    std::size_t end = begin + 1;
    for (; end < map_fanout; ++end) {
        const LeafEntry& entry = page.entries[end];
        if (entry.kind != first.kind) break;
        if (first.kind == MapKind::present &&
            (entry.address.pack != first.address.pack || entry.address.slot != first.address.slot + (end - begin)))
            break;
    }
    return end - begin;
}

}  // namespace

PresentChunks::PresentChunks(const LeafPage& page) {
    positions.reserve(map_fanout);
    addresses.reserve(map_fanout);
    for (std::size_t i = 0; i < map_fanout; ++i) {
        if (page.entries[i].kind != MapKind::present) continue;
        positions.push_back(i);
        addresses.push_back(page.entries[i].address);
    }
}

Bytes encode(const LeafPage& page) {
    PackNumbers packs;
    ByteWriter runs;
    for (std::size_t i = 0; i < map_fanout;) {
        const std::size_t count = leaf_run(page, i);
        const LeafEntry& entry = page.entries[i];
        runs.u8(static_cast<std::uint8_t>(entry.kind));
        runs.u8(static_cast<std::uint8_t>(count - 1));
        if (entry.kind == MapKind::present) {
            runs.u16le(packs.number(entry.address.pack));
            runs.u32le(entry.address.slot);
        }
        i += count;
    }
    return page_bytes(leaf_magic, 0, packs, runs.view());
}

LeafPage parse_leaf_page(ByteView bytes, const std::string& object) {
    ByteReader in(bytes, object);
    const std::vector<PackId> packs = read_head(in, leaf_magic, 0);
    LeafPage page;
    for (std::size_t covered = 0; covered < map_fanout;) {
        const RunHead run = read_run(in, covered);
        std::optional<ChunkAddress> first;
        if (run.kind == MapKind::present) first = read_address(in, packs);
        if (first && first->slot > UINT32_MAX - run.count)
            in.fail(fmt::format("a run of {} slots from {}", run.count, first->slot));
        for (std::size_t i = 0; i < run.count; ++i) {
            LeafEntry& entry = page.entries[covered + i];
            entry.kind = run.kind;
            if (first) entry.address = {first->pack, first->slot + static_cast<std::uint32_t>(i)};
        }
        covered += run.count;
    }
    in.expect_end();
    return page;
}

Bytes encode(const InnerPage& page) {
    VARVE_CHECK(page.level >= 1 && page.level <= map_root_level);
    PackNumbers packs;
    ByteWriter runs;
    for (std::size_t i = 0; i < map_fanout;) {
        std::size_t end = i + 1;
        while (end < map_fanout && page.entries[end].kind == page.entries[i].kind) ++end;
        runs.u8(static_cast<std::uint8_t>(page.entries[i].kind));
        runs.u8(static_cast<std::uint8_t>(end - i - 1));
        for (; i < end; ++i) {
            const Subtree& entry = page.entries[i];
            if (entry.kind != MapKind::present) continue;
            runs.append(entry.digest.view());
            runs.u16le(packs.number(entry.page.pack));
            runs.u32le(entry.page.slot);
        }
    }
    return page_bytes(inner_magic, page.level, packs, runs.view());
}

InnerPage parse_inner_page(ByteView bytes, int level, const std::string& object) {
    VARVE_CHECK(level >= 1 && level <= map_root_level);
    ByteReader in(bytes, object);
    const std::vector<PackId> packs = read_head(in, inner_magic, level);
    InnerPage page;
    page.level = level;
    for (std::size_t covered = 0; covered < map_fanout;) {
        const RunHead run = read_run(in, covered);
        for (std::size_t i = 0; i < run.count; ++i) {
            Subtree& entry = page.entries[covered + i];
            entry.kind = run.kind;
            if (run.kind != MapKind::present) continue;
            entry.digest.bytes = in.array<32>();
            entry.page = read_address(in, packs);
        }
        covered += run.count;
    }
    in.expect_end();
    return page;
}

Digest leaf_digest(std::span<const ChunkId, map_fanout> ids) {
    if (std::all_of(ids.begin(), ids.end(), [](const ChunkId& id) { return is_zero(id.view()); })) return {};
    Sha256 hash;
    hash.update(std::array{std::byte{0}});
    hash.update(std::as_bytes(ids));
    return hash.finish();
}

Digest inner_digest(const InnerPage& page) {
    std::array<Digest, map_fanout> children;
    std::transform(page.entries.begin(), page.entries.end(), children.begin(), counted_digest);
    if (std::all_of(children.begin(), children.end(), [](const Digest& d) { return is_zero(d.view()); })) return {};
    Sha256 hash;
    hash.update(std::array{static_cast<std::byte>(page.level)});
    hash.update(std::as_bytes(std::span(children)));
    return hash.finish();
}

Digest root_identity(ByteCount size, const Digest& map_digest) {
    std::array<std::byte, 1 + 8 + 32> input;
    input[0] = std::byte{0xff};
    store_le<std::uint64_t>(ByteSpan(input).subspan(1, 8), size.value);
    std::memcpy(input.data() + 9, map_digest.bytes.data(), map_digest.bytes.size());
    return sha256(input);
}

}  // namespace varve
