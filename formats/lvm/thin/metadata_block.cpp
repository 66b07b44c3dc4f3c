#include "formats/lvm/thin/metadata_block.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/crc.h"

namespace varve::thin {
namespace {

constexpr std::size_t number_at = 8;

std::uint32_t salt(BlockKind kind) { return kind == BlockKind::superblock ? 160774 : 121107; }

}  // namespace

std::string_view to_string(BlockKind kind) { return kind == BlockKind::superblock ? "superblock" : "btree node"; }

std::uint32_t block_checksum(ByteView block, BlockKind kind) {
    VARVE_CHECK(block.size() == metadata_block_bytes);
    return ~crc32c(block.subspan(4)) ^ salt(kind);
}

MetadataBlocks::MetadataBlocks(ByteSourcePtr metadata, std::shared_ptr<ReadCaches> caches)
    : metadata_(std::move(metadata)),
      caches_(std::move(caches)),
      owner_(caches_->tables.new_owner()),
      count_(metadata_->size().value / metadata_block_bytes) {}

BlockCache::Block MetadataBlocks::node(BlockNumber number, const std::function<void(ByteView)>& check) const {
    expect_inside(number, "a btree node");
    return caches_->tables.get({owner_, number}, [&] {
        Bytes block = read(number);
        verify(number, BlockKind::btree_node, block);
        check(block);
        return block;
    });
}

Bytes MetadataBlocks::read(BlockNumber number) const {
    VARVE_CHECK(number < count_);
    Bytes block(metadata_block_bytes);
    metadata_->read_at(ByteOffset{number * metadata_block_bytes}, block);
    blocks_read_.fetch_add(1, std::memory_order_relaxed);
    return block;
}

void MetadataBlocks::verify(BlockNumber number, BlockKind kind, ByteView block) const {
    const std::uint32_t expected = block_checksum(block, kind);
    const auto found = load_le<std::uint32_t>(block);
    if (found != expected) fail(number, kind, fmt::format("expected checksum {:#x}, found {:#x}", expected, found));
    const auto own_number = load_le<std::uint64_t>(block.subspan(number_at));
    if (own_number != number) fail(number, kind, fmt::format("expected its own number, found {}", own_number));
}

void MetadataBlocks::expect_inside(BlockNumber number, std::string_view whence) const {
    if (number < count_) return;
    throw Error(ErrorCode::corrupt, fmt::format("{}: the thin pool's metadata has {} blocks, but {} should be in block "
                                                "{}; run 'thin_check' on the pool's metadata volume",
                                                metadata_->place(ByteOffset{}), count_, whence, number));
}

void MetadataBlocks::fail(BlockNumber number, BlockKind kind, std::string_view what) const {
    throw Error(ErrorCode::corrupt, fmt::format("{} ({}): {}; run 'thin_check' on the pool's metadata volume",
                                                place(number), to_string(kind), what));
}

std::string MetadataBlocks::place(BlockNumber number) const {
    return fmt::format("{}, block {} of the thin pool's metadata",
                       metadata_->place(ByteOffset{number * metadata_block_bytes}), number);
}

}  // namespace varve::thin
