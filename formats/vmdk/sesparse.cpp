#include "formats/vmdk/sesparse.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/check.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/error.h"
#include "formats/vmdk/grain_reader.h"
#include "formats/vmdk/magic.h"
#include "formats/vmdk/word_tables.h"

namespace varve::vmdk {
namespace {

constexpr std::uint64_t volatile_magic = 0xcafecafe;
constexpr std::uint64_t sesparse_version = 0x200000001;
constexpr std::uint64_t grain_sectors = 8;
constexpr std::uint64_t table_sectors = 64;
constexpr std::uint64_t sesparse_entry_bytes = 8;
constexpr std::uint64_t sesparse_table_grains = table_sectors * sector_bytes / sesparse_entry_bytes;
constexpr std::uint64_t table_mark = 0x10000000;  // in the upper half of a directory entry

/// In sectors, as in the header.
struct Area {
    std::uint64_t begin = 0;
    std::uint64_t length = 0;
    std::uint64_t end() const { return begin + length; }
};

struct SeSparseHeader {
    std::uint64_t capacity = 0;
    Area volatile_header;
    Area directory;
    Area tables;
    Area grains;

    std::uint64_t grain_count() const { return divide_up(capacity, grain_sectors); }
    std::uint64_t table_count() const { return divide_up(grain_count(), sesparse_table_grains); }
};

void expect(const ByteSourcePtr& device, std::uint64_t at, const char* field, std::uint64_t expected,
            std::uint64_t found) {
    if (found != expected)
        throw corrupt(device->place(ByteOffset{at}),
                      fmt::format("{}: expected {:#x}, found {:#x}", field, expected, found));
}

/// Reads an area and checks that its sectors can be counted.
Area read_area(ByteReader& fields, const ByteSourcePtr& device, const char* field) {
    const ByteOffset at{fields.position()};
    const Area area{fields.u64le(), fields.u64le()};
    if (area.begin == 0 || area.begin > disk_sectors_max || area.length > disk_sectors_max - area.begin)
        throw corrupt(device->place(at), fmt::format("{}: expected sectors of the file, found {} from sector {} on",
                                                     field, area.length, area.begin));
    return area;
}

void require_inside(const ByteSourcePtr& device, const char* field, const Area& area) {
    if (area.end() > device->size().value / sector_bytes)
        throw corrupt(device->place({}), fmt::format("{}: expected sectors within the {} bytes of the file, found {} "
                                                     "from sector {} on",
                                                     field, device->size().value, area.length, area.begin));
}

SeSparseHeader read_sesparse_header(const ByteSourcePtr& device) {
    std::array<std::byte, sector_bytes> bytes;
    if (device->size().value < bytes.size())
        throw corrupt(device->place({}),
                      fmt::format("expected a seSparse header of {} bytes, found the end of the file "
                                  "at {}",
                                  bytes.size(), device->size().value));
    device->read_at({}, bytes);
    ByteReader fields(bytes, "seSparse header");
    expect(device, 0, "magic", sesparse_magic, fields.u64le());
    const std::uint64_t version = fields.u64le();
    if (version != sesparse_version)
        throw unsupported(device->place({8}), fmt::format("a seSparse extent of version {:#x}", version));
    SeSparseHeader header;
    header.capacity = fields.u64le();
    if (header.capacity > disk_sectors_max)
        throw corrupt(device->place({16}), fmt::format("capacity: expected at most {} sectors, found {}",
                                                       disk_sectors_max, header.capacity));
    expect(device, 24, "grainSize", grain_sectors, fields.u64le());
    expect(device, 32, "grainTableSize", table_sectors, fields.u64le());
    if (const std::uint64_t flags = fields.u64le(); flags != 0)
        throw unsupported(device->place({40}), fmt::format("seSparse flags {:#x}", flags));
    fields.skip(4 * 8);
    header.volatile_header = read_area(fields, device, "volatile header");
    fields.skip(2 * 16);  // journal header and journal
    header.directory = read_area(fields, device, "grain directory");
    header.tables = read_area(fields, device, "grain tables");
    fields.skip(2 * 16);  // free bitmap and back map
    header.grains = read_area(fields, device, "grains");
    return header;
}

void check_journal(const ByteSourcePtr& device, const SeSparseHeader& header) {
    const ByteOffset at{header.volatile_header.begin * sector_bytes};
    require_inside(device, "volatile header", {header.volatile_header.begin, 1});
    std::array<std::byte, 32> bytes;
    device->read_at(at, bytes);
    expect(device, at.value, "volatile header's magic", volatile_magic, load_le<std::uint64_t>(bytes));
    if (load_le<std::uint64_t>(ByteView(bytes).subspan(24)) != 0)
        throw Error(ErrorCode::refused,
                    fmt::format("{}: its journal was not replayed, because a host crashed or is still writing to it; "
                                "start and stop the machine, or read the disk from a snapshot",
                                device->place(at + ByteCount{24})));
}

class SeSparseTables final : public GrainMap {
public:
    SeSparseTables(const ByteSourcePtr& device, const SeSparseHeader& header, std::shared_ptr<ReadCaches> caches)
        : tables_(device, sesparse_entry_bytes, std::move(caches)), header_(header) {}

    GrainRun run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const override;

private:
    struct Entry {
        ExtentKind kind = ExtentKind::unallocated;
        std::uint64_t place = 0;        ///< in bytes, in the file
        const char* problem = nullptr;  ///< null: valid
    };

    Entry decode(std::uint64_t word) const;
    ByteOffset find_table(std::uint64_t table, std::uint64_t entry, ByteOffset at) const;

    WordTables tables_;
    SeSparseHeader header_;
};

SeSparseTables::Entry SeSparseTables::decode(std::uint64_t word) const {
    switch (word >> 60) {
        case 0:
            return {ExtentKind::unallocated, 0, word == 0 ? nullptr : "an unallocated grain with an address"};
        case 1:  // unmapped by the guest
        case 2:
            return {ExtentKind::zero, 0, nullptr};
        case 3:
            break;
        default:
            return {ExtentKind::data, 0, "an unknown type"};
    }
    const std::uint64_t index = (word >> 48 & 0xfff) | (word & 0xffffffffffff) << 12;
    const auto sectors = checked_mul(index, grain_sectors);
    const auto sector = sectors ? checked_add(*sectors, header_.grains.begin) : std::nullopt;
    if (!sector || *sector >= divide_up(tables_.device()->size().value, sector_bytes))
        return {ExtentKind::data, 0, "a grain past the end of the file"};
    return {ExtentKind::data, *sector * sector_bytes, nullptr};
}

ByteOffset SeSparseTables::find_table(std::uint64_t table, std::uint64_t entry, ByteOffset at) const {
    const std::uint64_t index = entry & 0xffffffff;
    const std::uint64_t sector = header_.tables.begin + index * table_sectors;
    if (entry >> 32 != table_mark || index >= header_.tables.length / table_sectors ||
        !tables_.contains(ByteOffset{sector * sector_bytes}, sesparse_table_grains))
        throw corrupt(tables_.device()->place(at),
                      fmt::format("grain directory entry {}: expected 0 or one of {} grain tables within the file, "
                                  "found {:#x}",
                                  table, header_.tables.length / table_sectors, entry));
    return ByteOffset{sector * sector_bytes};
}

GrainRun SeSparseTables::run_at(std::uint64_t grain, std::uint64_t grains_max, GrainRunBy by) const {
    VARVE_CHECK(grains_max > 0 && grain < header_.grain_count() && grains_max <= header_.grain_count() - grain);
    const std::uint64_t table = grain / sesparse_table_grains;
    const std::uint64_t index = grain % sesparse_table_grains;
    const ByteOffset directory_at{header_.directory.begin * sector_bytes + table * sesparse_entry_bytes};
    const WordRun tables = tables_.words_from(directory_at, header_.table_count() - table);
    if (tables[0] == 0) {
        std::size_t empty = 1;
        while (empty < tables.count && tables[empty] == 0) ++empty;
        return {ExtentKind::unallocated, std::min(empty * sesparse_table_grains - index, grains_max), {}};
    }
    const ByteOffset at = find_table(table, tables[0], directory_at) + ByteCount{index * sesparse_entry_bytes};
    const WordRun entries = tables_.words_from(at, std::min(grains_max, sesparse_table_grains - index));
    const Entry first = decode(entries[0]);
    if (first.problem != nullptr)
        throw corrupt(tables_.device()->place(at),
                      fmt::format("grain table {}, entry {}: expected a grain within the {} "
                                  "bytes of the file, found {} ({:#x})",
                                  table, index, tables_.device()->size().value, first.problem, entries[0]));
    std::size_t count = 1;
    for (; count < entries.count; ++count) {
        const Entry next = decode(entries[count]);
        if (next.problem != nullptr || next.kind != first.kind) break;
        if (first.kind == ExtentKind::data && by == GrainRunBy::place &&
            next.place != first.place + count * grain_sectors * sector_bytes)
            break;
    }
    return {first.kind, count, ByteOffset{first.place}};
}

}  // namespace

std::unique_ptr<ImageReader> open_sesparse(const ByteSourcePtr& device, const std::shared_ptr<ReadCaches>& caches) {
    const SeSparseHeader header = read_sesparse_header(device);
    check_journal(device, header);
    require_inside(device, "grain directory",
                   {header.directory.begin, divide_up(header.table_count() * sesparse_entry_bytes, sector_bytes)});
    if (header.directory.length * (sector_bytes / sesparse_entry_bytes) < header.table_count())
        throw corrupt(device->place({128}), fmt::format("grain directory: expected at least {} entries, found {} "
                                                        "sectors",
                                                        header.table_count(), header.directory.length));
    const GrainLayout layout{ByteCount{header.capacity * sector_bytes}, ByteCount{grain_sectors * sector_bytes},
                             GrainCoding::plain};
    return std::make_unique<GrainReader>(device, layout, std::make_unique<SeSparseTables>(device, header, caches),
                                         caches);
}

}  // namespace varve::vmdk
