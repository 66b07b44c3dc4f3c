#include "formats/lvm/thin/superblock.h"

#include <fmt/format.h>

#include "engine/base/byte_reader.h"

namespace varve::thin {
namespace {

constexpr std::uint64_t superblock_magic = 27022010;
constexpr std::uint32_t version_max = 2;
constexpr std::uint32_t needs_check_flag = 1;
constexpr std::uint32_t sector_bytes = 512;
constexpr std::uint32_t metadata_block_sectors = metadata_block_bytes / sector_bytes;
constexpr std::uint32_t data_block_sectors_unit = 128;      // 64 KiB
constexpr std::uint32_t data_block_sectors_max = 2u << 20;  // 1 GiB
constexpr std::size_t uuid_bytes = 16;
constexpr std::size_t space_map_root_bytes = 128;

/// The fields as they are on the medium.
struct RawSuperblock {
    std::uint32_t flags = 0;
    std::uint64_t magic = 0;
    std::uint32_t data_block_sectors = 0;
    std::uint32_t metadata_block_sectors = 0;
    std::uint32_t incompatible_features = 0;
    Superblock fields;
};

RawSuperblock parse(BlockNumber number, ByteView block) {
    ByteReader in(block, "superblock of a thin pool");
    RawSuperblock raw;
    Superblock& fields = raw.fields;
    fields.number = number;
    in.skip(4);  // checksum
    raw.flags = in.u32le();
    in.skip(8 + uuid_bytes);
    raw.magic = in.u64le();
    fields.version = in.u32le();
    fields.time = in.u32le();
    fields.transaction_id = in.u64le();
    fields.held_root = in.u64le();
    fields.data_block_count = load_le<std::uint64_t>(in.take(space_map_root_bytes));
    in.skip(space_map_root_bytes);
    fields.data_mapping_root = in.u64le();
    fields.device_details_root = in.u64le();
    raw.data_block_sectors = in.u32le();
    raw.metadata_block_sectors = in.u32le();
    in.skip(8 + 4 + 4);  // block count (not kept up to date), compatible features
    raw.incompatible_features = in.u32le();
    fields.data_block_size = {std::uint64_t{raw.data_block_sectors} * sector_bytes};
    fields.digest = sha256(block);
    return raw;
}

void check_features(const MetadataBlocks& blocks, const RawSuperblock& raw) {
    const std::string place = blocks.place(raw.fields.number);
    if (raw.fields.version < 1 || raw.fields.version > version_max)
        throw Error(ErrorCode::unsupported, fmt::format("{} (superblock): expected version 1 or {}, found {}; a newer "
                                                        "varve may read it",
                                                        place, version_max, raw.fields.version));
    if (raw.incompatible_features != 0)
        throw Error(ErrorCode::unsupported, fmt::format("{} (superblock): it uses features unknown to this version of "
                                                        "varve (incompatible flags {:#x}); a newer varve may read it",
                                                        place, raw.incompatible_features));
    if ((raw.flags & needs_check_flag) != 0)
        throw Error(ErrorCode::refused,
                    fmt::format("{} (superblock): the kernel marked the pool as needing a check, so its maps may be "
                                "wrong; run 'thin_check' on the pool's metadata volume, then 'lvconvert --repair "
                                "VG/POOL'",
                                place));
}

void check_geometry(const MetadataBlocks& blocks, const RawSuperblock& raw) {
    const auto fail = [&](const std::string& what) { blocks.fail(raw.fields.number, BlockKind::superblock, what); };
    if (raw.metadata_block_sectors != metadata_block_sectors)
        fail(fmt::format("expected metadata blocks of {} sectors, found {}", metadata_block_sectors,
                         raw.metadata_block_sectors));
    const std::uint32_t sectors = raw.data_block_sectors;
    if (sectors == 0 || sectors % data_block_sectors_unit != 0 || sectors > data_block_sectors_max)
        fail(fmt::format("expected data blocks of a multiple of {} sectors up to {}, found {}", data_block_sectors_unit,
                         data_block_sectors_max, sectors));
}

/// nullopt if the block is all zero.
std::optional<Superblock> read_at(const MetadataBlocks& blocks, BlockNumber number) {
    const Bytes block = blocks.read(number);
    if (is_zero(block)) return std::nullopt;
    const RawSuperblock raw = parse(number, block);
    if (raw.magic != superblock_magic)
        blocks.fail(number, BlockKind::superblock,
                    fmt::format("expected magic number {}, found {}", superblock_magic, raw.magic));
    blocks.verify(number, BlockKind::superblock, block);
    check_features(blocks, raw);
    check_geometry(blocks, raw);
    return raw.fields;
}

Superblock read_held(const MetadataBlocks& blocks, const Superblock& main) {
    if (main.held_root == 0)
        throw Error(ErrorCode::not_found,
                    fmt::format("{} (superblock): the pool has no metadata snapshot; 'dmsetup message POOL 0 "
                                "reserve_metadata_snap' makes one",
                                blocks.place(main.number)));
    blocks.expect_inside(main.held_root, "the metadata snapshot");
    const std::optional<Superblock> held = read_at(blocks, main.held_root);
    if (!held) blocks.fail(main.held_root, BlockKind::superblock, "expected a metadata snapshot, found zeros");
    if (held->data_block_size != main.data_block_size)
        blocks.fail(main.held_root, BlockKind::superblock,
                    fmt::format("expected data blocks of {} bytes, found {}", main.data_block_size.value,
                                held->data_block_size.value));
    return *held;
}

}  // namespace

std::optional<Superblock> read_superblock(const MetadataBlocks& blocks, SuperblockChoice choice) {
    blocks.expect_inside(0, "the superblock");
    const std::optional<Superblock> main = read_at(blocks, 0);
    if (!main || choice == SuperblockChoice::main) return main;
    return read_held(blocks, *main);
}

}  // namespace varve::thin
