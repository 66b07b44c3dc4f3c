// Superblocks that are refused, or read only with restrictions: each refusal states what to do.

#include "formats/lvm/thin/superblock.h"
#include "tests/catch.h"
#include "tests/formats/lvm/thin/editor.h"
#include "tests/formats/lvm/thin/thin_support.h"

namespace varve::thin::test {
namespace {

constexpr std::size_t flags_at = 4;
constexpr std::size_t magic_at = 32;
constexpr std::size_t version_at = 40;
constexpr std::size_t held_root_at = 56;
constexpr std::size_t data_block_size_at = 336;
constexpr std::size_t metadata_block_size_at = 340;
constexpr std::size_t incompatible_at = 360;

MetadataEditor fixture_editor() { return MetadataEditor(volume_bytes("pool2_tmeta")); }

std::optional<Superblock> read(const Bytes& metadata, SuperblockChoice choice = SuperblockChoice::main) {
    const ByteSourcePtr device = named_device(std::make_shared<MemoryDisk>(metadata), "tmeta");
    return read_superblock(MetadataBlocks(device, std::make_shared<ReadCaches>()), choice);
}

void is_refused(const Bytes& metadata, ErrorCode code, const std::string& text,
                SuperblockChoice choice = SuperblockChoice::main) {
    try {
        static_cast<void>(read(metadata, choice));
        FAIL("not refused: " << text);
    } catch (const Error& error) {
        CHECK(error.code() == code);
        CHECK_THAT(error.what(), ContainsSubstring("'tmeta' at byte ") && ContainsSubstring(text));
    }
}

/// The fixture's superblock with one field set and a valid checksum.
template <std::unsigned_integral T>
Bytes with(std::size_t at, T value) {
    MetadataEditor editor = fixture_editor();
    editor.set<T>(0, at, value, BlockKind::superblock);
    return editor.bytes();
}

}  // namespace

TEST_CASE("thin superblock: a pool that was never active has no superblock yet", "[lvm][thin]") {
    CHECK_FALSE(read(Bytes(2 << 20)));
    CHECK_FALSE(read(Bytes(2 << 20), SuperblockChoice::held));
}

TEST_CASE("thin superblock: version 1 is read too", "[lvm][thin]") {
    CHECK(read(with<std::uint32_t>(version_at, 1))->version == 1);
}

TEST_CASE("thin superblock: unknown versions and features are refused", "[lvm][thin]") {
    is_refused(with<std::uint32_t>(version_at, 3), ErrorCode::unsupported, "expected version 1 or 2, found 3");
    is_refused(with<std::uint32_t>(version_at, 0), ErrorCode::unsupported, "expected version 1 or 2, found 0");
    is_refused(with<std::uint32_t>(incompatible_at, 4), ErrorCode::unsupported, "incompatible flags 0x4");
}

TEST_CASE("thin superblock: a pool that needs a check is refused, with advice", "[lvm][thin]") {
    is_refused(with<std::uint32_t>(flags_at, 1), ErrorCode::refused, "lvconvert --repair VG/POOL");
}

TEST_CASE("thin superblock: impossible block sizes are damage", "[lvm][thin]") {
    is_refused(with<std::uint32_t>(metadata_block_size_at, 16), ErrorCode::corrupt, "8 sectors, found 16");
    for (const std::uint32_t sectors : {0u, 64u, 129u, (2u << 20) + 128u})
        is_refused(with<std::uint32_t>(data_block_size_at, sectors), ErrorCode::corrupt,
                   "found " + std::to_string(sectors));
    CHECK(read(with<std::uint32_t>(data_block_size_at, 2u << 20))->data_block_size == mib(1024));
}

TEST_CASE("thin superblock: another magic number, checksum or own number is damage", "[lvm][thin]") {
    is_refused(with<std::uint64_t>(magic_at, 7), ErrorCode::corrupt, "expected magic number 27022010, found 7");
    is_refused(with<std::uint64_t>(8, 7), ErrorCode::corrupt, "expected its own number, found 7");
    MetadataEditor editor = fixture_editor();
    editor.block(0)[48] ^= std::byte{1};
    is_refused(editor.bytes(), ErrorCode::corrupt, "checksum 0x");
    is_refused(Bytes(100), ErrorCode::corrupt, "metadata has 0 blocks");
}

TEST_CASE("thin superblock: every commit changes the digest", "[lvm][thin]") {
    const Digest digest = read(volume_bytes("pool2_tmeta"))->digest;
    CHECK(read(volume_bytes("pool2_tmeta"))->digest == digest);
    CHECK(read(with<std::uint64_t>(48, 4))->digest != digest);
}

TEST_CASE("thin superblock: a metadata snapshot has its own roots", "[lvm][thin]") {
    is_refused(volume_bytes("pool2_tmeta"), ErrorCode::not_found, "reserve_metadata_snap", SuperblockChoice::held);
    MetadataEditor editor = fixture_editor();
    const BlockNumber held = editor.copy_of(0, BlockKind::superblock);
    editor.set<std::uint64_t>(0, held_root_at, held, BlockKind::superblock);
    const BlockNumber root = editor.root(1);
    editor.set_root(1, editor.root(2));  // the main roots change ...
    editor.set<std::uint64_t>(held, 48, 1, BlockKind::superblock);
    const auto device = named_device(std::make_shared<MemoryDisk>(editor.bytes()), "tmeta");
    const Pool pool = open_pool(device, SuperblockChoice::held);
    CHECK(pool.superblock.number == held);
    CHECK(pool.superblock.transaction_id == 1);
    CHECK(open_pool(device).superblock.transaction_id == 3);
    CHECK(pool.devices.find(1).mapping_root != root);  // ... and here they were shared

    editor.set<std::uint64_t>(0, held_root_at, editor.block_count(), BlockKind::superblock);
    is_refused(editor.bytes(), ErrorCode::corrupt, "the metadata snapshot should be in block", SuperblockChoice::held);
    editor.set<std::uint64_t>(0, held_root_at, editor.root(1), BlockKind::superblock);
    is_refused(editor.bytes(), ErrorCode::corrupt, "magic number", SuperblockChoice::held);
    CHECK(read(editor.bytes())->transaction_id == 3);
}

}  // namespace varve::thin::test
