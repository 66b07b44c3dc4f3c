// libFuzzer target: the parts of a pack, each alone and with its checksum made right, so that mutations get past it.
// The first byte of the input chooses the part, the rest is its bytes:
// - header, frame (header and payload), tail (slot table and footer), slot-table copy: parsed, or refused as corrupt or
//   unsupported; what parses is encoded again and comes back equal.
// - zstd payload: decompresses to exactly the length that the frame states, or is refused; compressed again, it comes
//   back. No more is allocated than a frame may hold.
// - patch: a chunk that is stored as a patch of another one reads back, whatever differs between them.

#include <xxhash.h>

#include "store/pack/frame_codec.h"
#include "store/pack_store.h"
#include "tests/fakes/known_packs.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/pack_builder.h"
#include "tests/fuzz/refusal.h"

namespace varve {
namespace {

PackId input_pack() {
    PackId id;
    id.bytes.fill(std::byte{0x22});
    return id;
}

std::uint64_t pack_checksum(ByteView bytes, const PackId& pack) {
    return XXH3_64bits_withSeed(bytes.data(), bytes.size(), load_le<std::uint64_t>(pack.view()));
}

void try_header(ByteView bytes) {
    const PackHeader parsed = parse_pack_header(bytes, "input");
    if (parsed.header_bytes != pack_header_bytes) return;  // it has a sealed key, which this version does not write
    const PackHeader again = parse_pack_header(encode(parsed), "input, written again");
    require(again.kind == parsed.kind && again.repository == parsed.repository && again.pack == parsed.pack);
}

/// The payload's plain bytes, after compressing them again.
Bytes plain_bytes_of(const Frame& frame, ByteView payload, const FrameHeader& header) {
    require(frame.plain_bytes <= frame_plain_bytes_max);
    Bytes plain(frame.plain_bytes);
    decode_frame(frame, payload, plain, "input");
    static FrameEncoder encoder(2);
    const EncodedFrame again =
        encoder.encode({input_pack(), header.ordinal, frame.first_slot, header.slots, header.patch_bases, plain});
    Bytes same(plain.size());
    decode_frame(again.header.frame, ByteView(again.bytes).subspan(again.header.frame.header_bytes), same, "again");
    require(same == plain);
    return plain;
}

void try_frame(ByteView bytes) {
    const std::size_t length = frame_header_length(bytes);
    if (length == 0 || length > bytes.size()) return;
    Bytes head(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    const std::size_t covered = length - sizeof(std::uint64_t);
    store_le(ByteSpan(head).subspan(covered), pack_checksum(ByteView(head).first(covered), input_pack()));
    const FrameHeader parsed = parse_frame_header(head, input_pack(), "input");
    const FrameHeader again = parse_frame_header(encode(parsed, input_pack()), input_pack(), "input, written again");
    require(again.ordinal == parsed.ordinal && again.frame == parsed.frame && again.slots == parsed.slots &&
            again.patch_bases == parsed.patch_bases);
    const ByteView payload = bytes.subspan(length);
    if (payload.size() < parsed.frame.stored_bytes) return;
    plain_bytes_of(parsed.frame, payload.first(parsed.frame.stored_bytes), parsed);
}

/// A payload alone, after the plain length that its frame states.
void try_payload(ByteView bytes) {
    if (bytes.size() < 4) return;
    Frame frame;
    frame.codec = FrameCodec::zstd;
    frame.plain_bytes = load_le<std::uint32_t>(bytes) % (chunk_bytes * 4);
    frame.stored_bytes = static_cast<std::uint32_t>(bytes.size() - 4);
    FrameHeader header;
    header.slots.emplace_back();
    plain_bytes_of(frame, bytes.subspan(4), header);
}

/// The end of a file that has nothing but a header before it.
void try_tail(ByteView bytes) {
    if (bytes.size() < pack_footer_bytes) return;
    constexpr std::size_t footer_after_checksum = sizeof(std::uint64_t) + sha256_bytes;
    Bytes tail(bytes.begin(), bytes.end());
    const std::uint64_t file_bytes = pack_header_bytes + tail.size();
    const PackFooter stated = parse_pack_footer(ByteView(tail).last(pack_footer_bytes), file_bytes, "input");
    const std::size_t covered = tail.size() - footer_after_checksum;
    store_le(ByteSpan(tail).subspan(covered), pack_checksum(ByteView(tail).first(covered), stated.pack));

    const PackFooter footer = parse_pack_footer(ByteView(tail).last(pack_footer_bytes), file_bytes, "input");
    const ByteView found = ByteView(tail).last(footer.table_bytes + pack_footer_bytes);
    check_tail(footer, found, "input");
    const SlotTable table = parse_slot_table(found.first(footer.table_bytes), "input");

    Bytes again = encode_tail(encode(table), footer.table_offset, footer.pack);
    again.resize(again.size() + sha256_bytes);
    const PackFooter same = parse_pack_footer(ByteView(again).last(pack_footer_bytes), file_bytes, "again");
    check_tail(same, again, "again");
    require(same.table_bytes == footer.table_bytes && same.table_offset == footer.table_offset);
    require(parse_slot_table(ByteView(again).first(same.table_bytes), "again") == table);
}

/// A repository of one pack.
struct OnePack {
    explicit OnePack(PackKind kind) : builder(backend, info.id, kind) {}
    StoredPack commit() {
        const StoredPack pack = builder.commit();
        known.add(pack);
        return pack;
    }

    MemoryBackend backend;
    RepositoryInfo info{RepositoryId::make(), 42, true};
    KnownPacks known;
    PackStore store{backend, info, known};
    PackBuilder builder;
};

void try_slot_table_copy(ByteView bytes) {
    OnePack one(PackKind::metadata);
    one.builder.metadata(SlotKind::slot_table, bytes);
    const auto copies = one.store.read_slot_table_copies(one.commit());
    for (const auto& [id, table] : copies) {
        require(std::equal(id.bytes.begin(), id.bytes.end(), bytes.begin()));
        require(parse_slot_table(encode(*table), "again") == *table);
    }
}

/// Each three bytes of the input change one byte of a chunk: its block, its place there, its difference.
void try_patch(ByteView bytes) {
    static const Bytes base = compressible_sample(chunk_bytes, 1);
    Bytes changed = base;
    std::set<std::size_t> blocks;
    for (; bytes.size() >= 3; bytes = bytes.subspan(3)) {
        const std::size_t block = std::to_integer<std::size_t>(bytes[0]) % (chunk_bytes / patch_block_bytes);
        if (blocks.size() == patch_blocks_max && !blocks.contains(block)) continue;
        blocks.insert(block);
        changed[block * patch_block_bytes + std::to_integer<std::size_t>(bytes[1]) * 16] ^= bytes[2];
    }
    if (changed == base) return;
    OnePack one(PackKind::data);
    const ChunkAddress patch = one.builder.patch(changed, base, one.builder.chunk(base));
    one.commit();
    bool is_read = false;
    one.store.get(std::span(&patch, 1), [&](std::size_t, ByteView plain) {
        is_read = std::equal(plain.begin(), plain.end(), changed.begin(), changed.end());
    });
    require(is_read);
}

}  // namespace
}  // namespace varve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace varve;
    if (size == 0) return 0;
    constexpr std::array parts{try_header, try_frame, try_payload, try_tail, try_slot_table_copy, try_patch};
    try_step([&] { parts[data[0] % parts.size()](std::as_bytes(std::span(data, size)).subspan(1)); });
    return 0;
}
