#include "catalog/id_filter.h"

#include <fcntl.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <string_view>

#include <fmt/format.h>

#include "catalog/seal.h"
#include "engine/base/byte_writer.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/hex.h"
#include "engine/base/random.h"

namespace varve {
namespace {

constexpr std::size_t block_bytes = 32;
constexpr std::uint64_t bits_per_tag = 12;
constexpr std::string_view file_magic = "VARVEIDF";
constexpr std::uint32_t file_version = 1;
// Magic, version, reserved, key, bytes of the blocks, their seal, seal of the fields before; then the blocks.
constexpr std::size_t header_bytes = 64;
/// That of the largest run (index_merge.h) is 12 MiB.
constexpr std::uint64_t filter_file_bytes_max = 64u << 20;

// From the specification, as are the two ways to use the halves of a hash. A tag is part of a SHA-256, which is hashed
// enough.
constexpr std::array<std::uint32_t, 8> salts{0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du,
                                             0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

std::size_t block_of(IdTag tag, std::size_t block_count) {
    return static_cast<std::size_t>(((tag >> 32) * block_count) >> 32);
}

std::uint32_t word_mask(IdTag tag, std::size_t word) {
    return 1u << ((static_cast<std::uint32_t>(tag) * salts[word]) >> 27);
}

Bytes encode_header(std::uint64_t key, ByteView blocks) {
    ByteWriter to;
    to.append(bytes_of(file_magic));
    to.u32le(file_version);
    to.u32le(0);
    to.u64le(key);
    to.u64le(blocks.size());
    to.u64le(seal_of(key, blocks));
    to.u64le(seal_of(key, to.view()));
    to.zeros(header_bytes - to.size());
    return to.release();
}

/// Whether the header is whole and matches the key and the blocks.
bool fits(ByteView header, ByteView blocks, std::uint64_t key) {
    const Bytes expected = encode_header(key, blocks);
    return blocks.size() % block_bytes == 0 && std::memcmp(expected.data(), header.data(), header_bytes) == 0;
}

}  // namespace

IdFilter::IdFilter(Bytes blocks) : blocks_(std::move(blocks)) {}

bool IdFilter::may_contain(IdTag tag) const {
    const ByteView block =
        ByteView(blocks_).subspan(block_of(tag, blocks_.size() / block_bytes) * block_bytes, block_bytes);
    for (std::size_t word = 0; word < salts.size(); ++word)
        if ((load_le<std::uint32_t>(block.subspan(4 * word, 4)) & word_mask(tag, word)) == 0) return false;
    return true;
}

std::unique_ptr<const IdFilter> IdFilter::open(const std::filesystem::path& path, std::uint64_t key) try {
    const File file = File::open(path.string(), O_RDONLY);
    const ByteCount size = file.size();
    if (size.value < header_bytes + block_bytes || size.value > filter_file_bytes_max) return nullptr;
    Bytes header(header_bytes), blocks(size.value - header_bytes);
    file.read_exactly({0}, header);
    file.read_exactly({header_bytes}, blocks);
    if (!fits(header, blocks, key)) return nullptr;
    return std::unique_ptr<const IdFilter>(new IdFilter(std::move(blocks)));
} catch (const Error&) {
    return nullptr;  // it is rebuilt from its run
}

IdFilterBuilder::IdFilterBuilder(std::uint64_t tag_count)
    : blocks_((tag_count * bits_per_tag / (8 * block_bytes) + 1) * block_bytes) {}

void IdFilterBuilder::add(IdTag tag) {
    const ByteSpan block =
        ByteSpan(blocks_).subspan(block_of(tag, blocks_.size() / block_bytes) * block_bytes, block_bytes);
    for (std::size_t word = 0; word < salts.size(); ++word) {
        const ByteSpan at = block.subspan(4 * word, 4);
        store_le<std::uint32_t>(at, load_le<std::uint32_t>(at) | word_mask(tag, word));
    }
}

std::unique_ptr<const IdFilter> IdFilterBuilder::finish() && {
    return std::unique_ptr<const IdFilter>(new IdFilter(std::move(blocks_)));
}

std::unique_ptr<const IdFilter> IdFilterBuilder::finish_in_file(const std::filesystem::path& path,
                                                                std::uint64_t key) && {
    std::array<std::byte, 8> suffix{};
    random_bytes(suffix);
    const std::string draft = fmt::format("{}.{}.tmp", path.string(), to_hex(suffix));
    try {
        const File file = File::open(draft, O_WRONLY | O_CREAT | O_EXCL);
        file.write_all({0}, encode_header(key, blocks_));
        file.write_all({header_bytes}, blocks_);
        // Not synced: what a power failure leaves of it does not match its seal and is rebuilt from the run.
        if (::rename(draft.c_str(), path.c_str()) != 0) ::unlink(draft.c_str());
    } catch (const Error&) {
        ::unlink(draft.c_str());
    }
    return std::move(*this).finish();
}

}  // namespace varve
