#include "tests/formats/lvm/thin/thin_support.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/base/reader_source.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"

namespace varve::thin::test {

MemoryDisk::MemoryDisk(Bytes bytes) : bytes_(std::move(bytes)) {
    info_.format = "raw";
    info_.virtual_size = {bytes_.size()};
}

Extent MemoryDisk::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < bytes_.size());
    return {at, {bytes_.size() - at.value}, ExtentKind::data};
}

void MemoryDisk::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value + out.size() <= bytes_.size());
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
}

PiecesReader::PiecesReader(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {
    info_.format = "raw";
    for (const Piece& piece : pieces_) info_.virtual_size += piece.range.length;
}

std::pair<const PiecesReader::Piece*, ByteRange> PiecesReader::piece_at(ByteOffset at) const {
    ByteOffset begin;
    for (const Piece& piece : pieces_) {
        if (at < begin + piece.range.length) {
            const ByteCount into = at - begin;
            return {&piece, {piece.range.begin + into, piece.range.length - into}};
        }
        begin += piece.range.length;
    }
    VARVE_CHECK(false);
}

Extent PiecesReader::extent_at(ByteOffset at) const {
    const auto [piece, range] = piece_at(at);
    const Extent extent = piece->disk->extent_at(range.begin);
    return {at, std::min(extent.length, range.length), extent.kind};
}

void PiecesReader::read(ByteOffset at, ByteSpan out) const {
    while (!out.empty()) {
        const auto [piece, range] = piece_at(at);
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(range.length.value, out.size()));
        piece->disk->read(range.begin, out.first(length));
        at += ByteCount{length};
        out = out.subspan(length);
    }
}

std::shared_ptr<const ImageReader> fixture_volume(const std::string& name) {
    const std::array disks{lvm_test::fixture_disk("thin", 0), lvm_test::fixture_disk("thin", 1)};
    std::vector<PiecesReader::Piece> pieces;
    // Extents of 1 MiB that begin at 1 MiB.
    const auto linear = [&](std::size_t disk, std::uint64_t extent, std::uint64_t count) {
        pieces.push_back({disks[disk], {ByteOffset{} + mib(1 + extent), mib(count)}});
    };
    if (name == "pool_tmeta") linear(0, 74, 2), linear(0, 80, 2);
    if (name == "pool_tdata") linear(0, 2, 72), linear(1, 16, 16);
    if (name == "pool2_tmeta") linear(1, 50, 2);
    if (name == "base") linear(1, 0, 16);
    if (name == "pool2_tdata")
        for (std::uint64_t stripe = 0; stripe < 36 * 16; ++stripe) {
            const std::uint64_t first = stripe % 2 == 0 ? 84 : 32;
            pieces.push_back({disks[stripe % 2], {ByteOffset{} + mib(1 + first) + kib(stripe / 2 * 64), kib(64)}});
        }
    REQUIRE(!pieces.empty());
    return std::make_shared<PiecesReader>(std::move(pieces));
}

Bytes volume_bytes(const std::string& name) {
    const auto reader = fixture_volume(name);
    Bytes bytes(static_cast<std::size_t>(reader->info().virtual_size.value));
    reader->read(ByteOffset{}, bytes);
    return bytes;
}

ByteSourcePtr named_device(std::shared_ptr<const ImageReader> bytes, const std::string& name) {
    return std::make_shared<const ReaderSource>(
        std::move(bytes), name, [name](ByteOffset at) { return fmt::format("'{}' at byte {}", name, at.value); });
}

Pool open_pool(const ByteSourcePtr& metadata, SuperblockChoice choice) {
    const auto blocks = std::make_shared<const MetadataBlocks>(metadata, std::make_shared<ReadCaches>());
    const auto superblock = read_superblock(*blocks, choice);
    REQUIRE(superblock);
    return {blocks, *superblock, Devices(blocks, *superblock)};
}

Pool open_pool(const Bytes& metadata) {
    return open_pool(named_device(std::make_shared<MemoryDisk>(metadata), "tmeta"));
}

Pool fixture_pool(const std::string& name) { return open_pool(named_device(fixture_volume(name + "_tmeta"), name)); }

std::vector<MappingRun> mapped_runs(const Mapping& mapping) {
    std::vector<MappingRun> runs;
    for (std::uint64_t block = 0; block != no_key;) {
        const MappingRun run = mapping.run_at(block, no_key);
        if (run.begin != block || run.length == 0) FAIL("a wrong run at " << block);
        block = run.end();
        if (!run.is_mapped) continue;
        const bool continues = !runs.empty() && runs.back().end() == run.begin && runs.back().time == run.time &&
                               runs.back().data_block + runs.back().length == run.data_block;
        if (continues)
            runs.back().length += run.length;
        else
            runs.push_back(run);
    }
    return runs;
}

std::uint64_t attribute(const std::string& line, const std::string& name) {
    const std::size_t at = line.find(" " + name + "=\"");
    if (at == line.npos) FAIL("no " << name << " in: " << line);
    return std::stoull(line.substr(at + name.size() + 3));
}

namespace {

std::string tool_output(const std::vector<std::string>& arguments) {
    const auto result = writer_test::run_tool(arguments);
    INFO(arguments[0] << ": " << result.output.substr(0, 1000));
    REQUIRE(result.status == 0);
    return result.output;
}

Device dumped_device(const std::string& line) {
    Device device;
    device.id = static_cast<DeviceId>(attribute(line, "dev_id"));
    device.mapped_blocks = attribute(line, "mapped_blocks");
    device.transaction_id = attribute(line, "transaction");
    device.creation_time = static_cast<std::uint32_t>(attribute(line, "creation_time"));
    device.snapshotted_time = static_cast<std::uint32_t>(attribute(line, "snap_time"));
    return device;
}

}  // namespace

MetadataFile::MetadataFile(const Bytes& metadata) { writer_test::write_file(path(), metadata); }

MetadataFile::MetadataFile(const std::string& xml, std::size_t blocks) {
    writer_test::write_file(folder_.file("xml"), bytes_of(xml));
    writer_test::write_file(path(), Bytes(blocks * metadata_block_bytes));
    tool_output({"thin_restore", "-q", "-i", folder_.file("xml"), "-o", path()});
}

std::map<DeviceId, DumpedDevice> MetadataFile::dump() const {
    std::istringstream lines(tool_output({"thin_dump", path()}));
    std::map<DeviceId, DumpedDevice> devices;
    DumpedDevice* current = nullptr;
    for (std::string line; std::getline(lines, line);) {
        const auto time = [&] { return static_cast<std::uint32_t>(attribute(line, "time")); };
        if (line.find("<device ") != line.npos) {
            const Device device = dumped_device(line);
            current = &(devices[device.id] = {device, {}});
        } else if (line.find("<range_mapping ") != line.npos) {
            current->runs.push_back({attribute(line, "origin_begin"), attribute(line, "length"), true,
                                     attribute(line, "data_begin"), time()});
        } else if (line.find("<single_mapping ") != line.npos) {
            current->runs.push_back({attribute(line, "origin_block"), 1, true, attribute(line, "data_block"), time()});
        }
    }
    return devices;
}

std::vector<DeltaRun> MetadataFile::delta(DeviceId before, DeviceId now) const {
    std::istringstream lines(
        tool_output({"thin_delta", "--snap1", std::to_string(before), "--snap2", std::to_string(now), path()}));
    std::vector<DeltaRun> runs;
    for (std::string line; std::getline(lines, line);)
        for (const std::string kind : {"same", "different", "left_only", "right_only"})
            if (line.find("<" + kind + " ") != line.npos)
                runs.emplace_back(kind, attribute(line, "begin"), attribute(line, "length"));
    return runs;
}

namespace {

/// thin_delta's term; empty for what it skips.
std::string delta_word(BlockRelation relation) {
    switch (relation) {
        case BlockRelation::in_shared_node:
        case BlockRelation::unmapped:
            return "";
        case BlockRelation::same:
            return "same";
        case BlockRelation::different:
            return "different";
        case BlockRelation::before_only:
            return "left_only";
        case BlockRelation::now_only:
            return "right_only";
    }
    return "?";
}

void append_joined(std::vector<DeltaRun>& runs, const std::string& word, std::uint64_t begin, std::uint64_t length) {
    if (!runs.empty()) {
        auto& [last_word, last_begin, last_length] = runs.back();
        if (last_word == word && last_begin + last_length == begin) {
            last_length += length;
            return;
        }
    }
    runs.emplace_back(word, begin, length);
}

std::vector<DeltaRun> joined(const std::vector<DeltaRun>& runs) {
    std::vector<DeltaRun> out;
    for (const auto& [word, begin, length] : runs) append_joined(out, word, begin, length);
    return out;
}

std::vector<DeltaRun> without_same(std::vector<DeltaRun> runs) {
    std::erase_if(runs, [](const DeltaRun& run) { return std::get<0>(run) == "same"; });
    return runs;
}

/// The blocks that may differ, with adjacent runs joined.
std::vector<DeltaRun> changed_blocks(const Changes& changes, ByteCount size, ByteCount chunk) {
    std::vector<DeltaRun> runs;
    for (ByteOffset at; at.value < size.value;) {
        const ChangeRun run = changes.change_at(at);
        if (run.begin != at || run.length.value == 0 || run.end().value > size.value)
            FAIL("a wrong run at " << at.value);
        if (run.may_differ) append_joined(runs, "changed", at.value / chunk.value, run.length.value / chunk.value);
        at = run.end();
    }
    return runs;
}

}  // namespace

std::vector<DeltaRun> compare(const Pool& pool, DeviceId before, DeviceId now, SharedNodes shared_nodes) {
    const Comparison comparison(pool.blocks, pool.devices.find(before), pool.devices.find(now), shared_nodes);
    std::vector<DeltaRun> runs;
    for (std::uint64_t block = 0; block != no_key;) {
        const ComparedPart part = comparison.part_at(block);
        const ComparedRun run = part.run_at(block, no_key);
        if (run.begin != block || run.length == 0) FAIL("a wrong run at " << block);
        block = run.end();
        const std::string word = delta_word(run.relation);
        if (!word.empty()) append_joined(runs, word, run.begin, run.length);
    }
    return runs;
}

void check_against_thin_delta(const Pool& pool, const MetadataFile& file, DeviceId before, DeviceId now) {
    const auto delta = joined(file.delta(before, now));
    CHECK((compare(pool, before, now, SharedNodes::look_into) == delta));
    const auto differing = without_same(delta);
    CHECK((without_same(compare(pool, before, now, SharedNodes::skip)) == differing));

    std::uint64_t end = 1;
    std::vector<DeltaRun> changed;
    for (const auto& [word, begin, length] : delta) end = std::max(end, begin + length);
    for (const auto& [word, begin, length] : differing) append_joined(changed, "changed", begin, length);
    const ByteCount chunk = pool.superblock.data_block_size;
    const ByteCount size{end * chunk.value};
    const Device device = pool.devices.find(before);
    for (const std::uint32_t mark : {device.snapshotted_time, pool.superblock.time + 1}) {
        const Changes changes(pool.blocks, {device, pool.devices.find(now), mark, chunk, size, size});
        if (mark > pool.superblock.time || before != now) CHECK((changed_blocks(changes, size, chunk) == changed));
    }
}

}  // namespace varve::thin::test
