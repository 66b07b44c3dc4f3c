// Reads a pack written by the code, using only FORMAT.md section 5 and the numbers in it: a second, independent reader
// that would notice if writer and reader agreed on something else.

#include <algorithm>

#include <xxhash.h>
#include <zstd.h>

#include "engine/base/digest.h"
#include "store/pack/pack_names.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/pack_builder.h"

namespace varve {
namespace {

/// The file, with little-endian numbers at offsets.
struct File {
    Bytes bytes;

    std::uint64_t number(std::size_t at, unsigned width) const {
        std::uint64_t value = 0;
        for (unsigned i = width; i-- > 0;) value = value * 256 + std::to_integer<std::uint64_t>(bytes.at(at + i));
        return value;
    }
    ByteView view(std::size_t at, std::size_t length) const { return ByteView(bytes).subspan(at, length); }
    std::string_view text(std::size_t at, std::size_t length) const { return text_of(view(at, length)); }
    bool same(std::size_t a, std::size_t b, std::size_t length) const {
        return std::ranges::equal(view(a, length), view(b, length));
    }
    std::uint64_t checksum(std::size_t begin, std::size_t end) const {
        return XXH3_64bits_withSeed(bytes.data() + begin, end - begin, number(32, 8));
    }
};

Bytes plain_of(const File& file, std::size_t payload, std::size_t stored, std::size_t plain_length, unsigned codec) {
    Bytes plain(plain_length);
    if (codec == 0) {
        REQUIRE(stored == plain_length);
        std::ranges::copy(file.view(payload, stored), plain.begin());
    } else {
        REQUIRE(stored < plain_length);
        REQUIRE(ZSTD_decompress(plain.data(), plain.size(), file.bytes.data() + payload, stored) == plain_length);
    }
    return plain;
}

}  // namespace

TEST_CASE("a pack with patches matches FORMAT.md, number by number", "[store][pack]") {
    MemoryBackend backend;
    const auto repository = RepositoryId::make();
    PackBuilder builder(backend, repository, PackKind::data);
    const ChunkAddress base = builder.chunk(sample_chunk(1));
    builder.chunk(sample_chunk(3));
    builder.end_frame();
    Bytes changed = sample_chunk(1);
    changed[4096 * 2] ^= std::byte{1};
    changed[4096 * 15 + 9] ^= std::byte{1};
    builder.patch(changed, sample_chunk(1), base);
    builder.chunk(sample_chunk(4));
    const StoredPack pack = builder.commit();
    const File file{backend.get(pack_name(pack.facts.id), {1 << 20}).value()};
    const std::size_t end = file.bytes.size();

    REQUIRE(file.text(0, 8) == "VARVEPAK");
    REQUIRE(file.number(8, 2) == 1);
    REQUIRE(file.number(10, 2) == 1);
    REQUIRE(file.number(12, 4) == 96);
    REQUIRE(std::ranges::equal(file.view(16, 16), repository.bytes));
    REQUIRE(std::ranges::equal(file.view(32, 16), pack.facts.id.bytes));
    REQUIRE(is_zero(file.view(48, 48)));

    const std::size_t footer = end - 80;
    const std::size_t table = file.number(footer, 8);
    REQUIRE(table + file.number(footer + 8, 4) == footer);
    REQUIRE(file.same(footer + 16, 32, 16));
    REQUIRE(file.text(footer + 32, 8) == "VARVEEND");
    REQUIRE(file.number(footer + 40, 8) == file.checksum(table, footer + 40));
    REQUIRE(std::ranges::equal(file.view(end - 32, 32), sha256(file.view(0, end - 32)).bytes));

    REQUIRE(file.text(table, 4) == "VSLT");
    REQUIRE(file.number(table + 4, 4) == 1);
    REQUIRE(file.number(table + 8, 4) == 2);
    REQUIRE(file.number(table + 12, 4) == 4);
    REQUIRE(file.number(table + 16, 4) == 1);
    const std::size_t records = table + 24 + 2 * 32;
    std::size_t position = 96;
    std::size_t slot = 0;
    std::vector<Bytes> contents;
    for (std::size_t frame = 0; frame < 2; ++frame) {
        const std::size_t entry = table + 24 + 32 * frame;
        const std::size_t header = file.number(entry, 8);
        const std::size_t header_length = file.number(entry + 8, 4);
        const std::size_t stored = file.number(entry + 12, 4);
        const std::size_t plain_length = file.number(entry + 16, 4);
        const std::size_t slots = file.number(entry + 24, 2);
        const std::size_t bases = frame;  // the second frame holds the patch
        REQUIRE(header == position);
        REQUIRE(file.text(header, 4) == "VFRM");
        REQUIRE(file.number(header + 4, 4) == header_length);
        REQUIRE(header_length == 40 + 64 * slots + 24 * bases);
        REQUIRE(file.number(header + 8, 1) == file.number(entry + 26, 1));
        REQUIRE(file.number(header + 10, 2) == slots);
        REQUIRE(file.number(header + 12, 4) == frame);
        REQUIRE(file.number(header + 16, 4) == slot);
        REQUIRE(file.number(entry + 20, 4) == slot);
        REQUIRE(file.number(header + 20, 4) == plain_length);
        REQUIRE(file.number(header + 24, 4) == stored);
        REQUIRE(file.number(header + 28, 4) == bases);
        REQUIRE(file.same(header + 32, records + 64 * slot, 64 * slots));
        REQUIRE(file.number(header + header_length - 8, 8) == file.checksum(header, header + header_length - 8));
        const auto codec = static_cast<unsigned>(file.number(header + 8, 1));
        const Bytes plain = plain_of(file, header + header_length, stored, plain_length, codec);
        std::size_t offset = 0;
        for (std::size_t i = 0; i < slots; ++i, ++slot) {
            const std::size_t record = records + 64 * slot;
            const std::size_t length = file.number(record + 60, 4);
            REQUIRE(file.number(record + 52, 4) == frame);
            REQUIRE(file.number(record + 56, 4) == offset);
            const ByteView content = ByteView(plain).subspan(offset, length);
            contents.emplace_back(content.begin(), content.end());
            offset += length;
        }
        REQUIRE(offset == plain_length);
        position = header + header_length + stored;
    }
    REQUIRE(position == table);

    for (const std::size_t whole : {0u, 1u, 3u}) {
        REQUIRE(file.number(records + 64 * whole + 48, 4) == 1);
        REQUIRE(std::ranges::equal(file.view(records + 64 * whole, 32), sha256(contents[whole]).bytes));
    }
    REQUIRE(file.number(records + 64 * 2 + 48, 1) == 2);
    REQUIRE(file.number(records + 64 * 2 + 50, 2) == 0x8004);
    REQUIRE(contents[2].size() == 2 * 4096);
    Bytes rebuilt = contents[0];
    std::copy_n(contents[2].begin(), 4096, rebuilt.begin() + 2 * 4096);
    std::copy_n(contents[2].begin() + 4096, 4096, rebuilt.begin() + 15 * 4096);
    REQUIRE(rebuilt == changed);
    REQUIRE(std::ranges::equal(file.view(records + 64 * 2, 32), sha256(rebuilt).bytes));
    const std::size_t base_record = records + 4 * 64;
    REQUIRE(file.number(base_record, 4) == 2);
    REQUIRE(file.same(base_record + 4, 32, 16));
    REQUIRE(file.number(base_record + 20, 4) == 0);
    REQUIRE(base_record + 24 == footer);
}

}  // namespace varve
