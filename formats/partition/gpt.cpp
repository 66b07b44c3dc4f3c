#include "formats/partition/gpt.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/crc.h"
#include "engine/base/error.h"

namespace varve::partition {
namespace {

constexpr std::string_view gpt_magic = "EFI PART";
constexpr std::uint32_t header_bytes_min = 92;
constexpr std::size_t header_crc_at = 16;
constexpr std::uint32_t entry_bytes_min = 128;
constexpr std::uint32_t entry_bytes_max = 4096;
constexpr std::uint64_t array_bytes_max = 4 << 20;  // 32768 entries; the usual table has 128

struct Header {
    std::uint64_t sector_bytes = 0;
    std::uint64_t other_sector = 0;  ///< where the other header is
    std::uint64_t entries_sector = 0;
    std::uint32_t entry_count = 0;
    std::uint32_t entry_bytes = 0;
    std::uint32_t entries_crc = 0;
};

/// The checksum of the header with its own checksum field zeroed.
std::uint32_t header_crc(ByteView header) {
    Bytes copy(header.begin(), header.end());
    std::fill_n(copy.begin() + header_crc_at, 4, std::byte{0});
    return crc32(copy);
}

void check_header(ByteView sector, std::uint64_t number, ByteReader& in) {
    if (text_of(in.take(gpt_magic.size())) != gpt_magic) in.fail("expected the magic of a GPT header, found none");
    in.skip(4);
    const std::uint32_t bytes = in.u32le();
    if (bytes < header_bytes_min || bytes > sector.size())
        in.fail(fmt::format("the header's size is {}, expected {} to {}", bytes, header_bytes_min, sector.size()));
    const std::uint32_t stored = in.u32le();
    if (const std::uint32_t found = header_crc(sector.first(bytes)); found != stored)
        in.fail(
            fmt::format("the checksum of the header is {:#010x}, expected {:#010x} as recorded in it", found, stored));
    in.skip(4);
    if (const std::uint64_t recorded = in.u64le(); recorded != number)
        in.fail(fmt::format("the header's sector number is {}, expected {}, where it is", recorded, number));
}

Header read_header(const ImageReader& disk, std::uint64_t sector_bytes, std::uint64_t number,
                   const std::string& object) {
    if (number >= disk.info().virtual_size.value / sector_bytes)
        throw Error(ErrorCode::corrupt, object + ": it is outside the disk");
    Bytes sector(static_cast<std::size_t>(sector_bytes));
    disk.read(ByteOffset{number * sector_bytes}, sector);
    ByteReader in(sector, object);
    check_header(sector, number, in);
    const std::uint64_t other_sector = in.u64le();
    in.skip(8 + 8 + 16);
    Header header{sector_bytes, other_sector, in.u64le(), in.u32le(), in.u32le(), in.u32le()};
    if (header.entry_bytes < entry_bytes_min || header.entry_bytes > entry_bytes_max)
        in.fail(fmt::format("the size of an entry is {}, expected {} to {}", header.entry_bytes, entry_bytes_min,
                            entry_bytes_max));
    if (std::uint64_t{header.entry_count} * header.entry_bytes > array_bytes_max)
        in.fail(fmt::format("the table has {} entries of {} bytes, more than {} bytes in all", header.entry_count,
                            header.entry_bytes, array_bytes_max));
    return header;
}

Bytes read_gpt_entries(const ImageReader& disk, const Header& header, const std::string& object) {
    const std::uint64_t end = disk.info().virtual_size.value;
    const std::uint64_t bytes = std::uint64_t{header.entry_count} * header.entry_bytes;
    const auto begin = checked_mul(header.entries_sector, header.sector_bytes);
    if (!begin || *begin > end || bytes > end - *begin)
        throw Error(ErrorCode::corrupt, fmt::format("{}: its entries, {} bytes in sector {}, are outside the disk",
                                                    object, bytes, header.entries_sector));
    Bytes entries(static_cast<std::size_t>(bytes));
    disk.read(ByteOffset{*begin}, entries);
    if (const std::uint32_t found = crc32(entries); found != header.entries_crc)
        throw Error(ErrorCode::corrupt, fmt::format("{}: the checksum of its entries is {:#010x}, expected {:#010x}",
                                                    object, found, header.entries_crc));
    return entries;
}

/// Nothing for an unused entry and for one that is not inside the disk.
std::optional<ByteRange> range_of(ByteView entry, std::uint64_t sector_bytes, ByteCount disk_size) {
    if (is_zero(entry.first(16))) return std::nullopt;
    const auto first = load_le<std::uint64_t>(entry.subspan(32));
    const auto last = load_le<std::uint64_t>(entry.subspan(40));
    const std::uint64_t sectors = disk_size.value / sector_bytes;
    if (first > last || last >= sectors) return std::nullopt;
    return ByteRange{ByteOffset{first * sector_bytes}, ByteCount{(last - first + 1) * sector_bytes}};
}

/// A header with its partitions.
struct Gpt {
    Header header;
    std::uint64_t sector = 0;
    std::vector<Partition> partitions;
};

std::string title_of(std::uint64_t sector, std::uint64_t sector_bytes) {
    return fmt::format("GPT header in sector {} of {} bytes", sector, sector_bytes);
}

Gpt read_gpt_at(const ImageReader& disk, std::uint64_t sector_bytes, std::uint64_t number) {
    const std::string object = title_of(number, sector_bytes);
    Gpt gpt{read_header(disk, sector_bytes, number, object), number, {}};
    const Bytes entries = read_gpt_entries(disk, gpt.header, object);
    for (std::uint32_t i = 0; i < gpt.header.entry_count; ++i) {
        const ByteView entry =
            ByteView(entries).subspan(std::size_t{i} * gpt.header.entry_bytes, gpt.header.entry_bytes);
        if (const auto range = range_of(entry, sector_bytes, disk.info().virtual_size))
            gpt.partitions.push_back({i + 1, *range});
    }
    return gpt;
}

/// The search for a valid header, in sectors of either size.
class GptSearch {
public:
    explicit GptSearch(const ImageReader& disk) : disk_(disk) {}

    /// The header in the sector that `number_of` gives for a disk of so many sectors.
    template <typename NumberOf>
    std::optional<Gpt> find(NumberOf number_of) {
        for (const std::uint64_t sector_bytes : {512u, 4096u}) {
            const std::uint64_t sectors = disk_.info().virtual_size.value / sector_bytes;
            if (sectors < 3) continue;
            try {
                return read_gpt_at(disk_, sector_bytes, number_of(sectors));
            } catch (const Error& e) {  // a valid one may be elsewhere
                if (e.code() != ErrorCode::corrupt) throw;
                if (!first_problem_) first_problem_ = e;
            }
        }
        return std::nullopt;
    }

    /// What is wrong with the first header that was looked at.
    const std::optional<Error>& first_problem() const { return first_problem_; }

private:
    const ImageReader& disk_;
    std::optional<Error> first_problem_;
};

/// Compares a valid first header with the second one, where the first says that it is: a disk may have grown since.
void compare_with_second(const ImageReader& disk, const Gpt& first, std::vector<std::string>& warnings) {
    try {
        const Gpt second = read_gpt_at(disk, first.header.sector_bytes, first.header.other_sector);
        if (second.partitions == first.partitions) return;
        warnings.push_back(
            fmt::format("the two copies of the partition table, in sectors 1 and {}, list different "
                        "partitions; the first was used",
                        second.sector));
    } catch (const Error& e) {
        warnings.push_back(
            fmt::format("the second copy of the partition table is damaged, the first was used: {}", e.what()));
    }
}

}  // namespace

std::vector<Partition> read_gpt(const ImageReader& disk, std::uint64_t last_sector,
                                std::vector<std::string>& warnings) {
    GptSearch search(disk);
    if (const auto first = search.find([](std::uint64_t) { return std::uint64_t{1}; })) {
        compare_with_second(disk, *first, warnings);
        return first->partitions;
    }
    std::optional<Gpt> second = search.find([](std::uint64_t sectors) { return sectors - 1; });
    if (!second) second = search.find([&](std::uint64_t) { return last_sector; });
    if (second) {
        warnings.push_back(fmt::format("the partition table is damaged, its second copy in sector {} was used: {}",
                                       second->sector, search.first_problem()->what()));
        return second->partitions;
    }
    if (search.first_problem()) throw *search.first_problem();
    throw Error(ErrorCode::corrupt, "the disk has a protective MBR, but no room for a GPT");
}

}  // namespace varve::partition
