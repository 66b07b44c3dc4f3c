#include "formats/partition/table.h"

#include <algorithm>
#include <array>
#include <optional>

#include "formats/partition/gpt.h"

namespace varve::partition {
namespace {

constexpr std::uint64_t table_bytes = 512;  // whatever the size of a sector
constexpr std::size_t entries_at = 446;
constexpr std::size_t entry_bytes = 16;
constexpr std::size_t signature_at = 510;
constexpr std::uint8_t gpt_type = 0xee;
constexpr std::uint32_t first_logical = 5;
constexpr unsigned logical_max = 255;

/// One of the four entries of an MBR or of a link in the chain of logical partitions. In sectors.
struct Entry {
    std::uint8_t type = 0;
    std::uint64_t begin = 0;  ///< relative to where the table counts from
    std::uint64_t count = 0;

    bool is_used() const { return type != 0 && count != 0; }
    bool is_extended() const { return is_used() && (type == 0x05 || type == 0x0f || type == 0x85); }
    bool is_partition() const { return is_used() && !is_extended(); }
};
using Table = std::array<Entry, 4>;

/// Nothing when `sector` is not a whole sector of the disk or holds no table.
std::optional<Table> read_entries(const ImageReader& disk, std::uint64_t sector, std::uint64_t sector_bytes) {
    if (sector >= disk.info().virtual_size.value / sector_bytes) return std::nullopt;
    Bytes bytes(table_bytes);
    disk.read(ByteOffset{sector * sector_bytes}, bytes);
    if (load_le<std::uint16_t>(ByteView(bytes).subspan(signature_at)) != 0xaa55) return std::nullopt;
    Table table;
    for (std::size_t i = 0; i < table.size(); ++i) {
        const ByteView entry = ByteView(bytes).subspan(entries_at + i * entry_bytes, entry_bytes);
        const auto boot = std::to_integer<std::uint8_t>(entry[0]);
        if (boot != 0 && boot != 0x80) return std::nullopt;  // a boot sector of another kind
        table[i] = {std::to_integer<std::uint8_t>(entry[4]), load_le<std::uint32_t>(entry.subspan(8)),
                    load_le<std::uint32_t>(entry.subspan(12))};
    }
    return table;
}

class MbrPartitions {
public:
    MbrPartitions(const ImageReader& disk, std::uint64_t sector_bytes) : disk_(disk), sector_bytes_(sector_bytes) {}

    std::vector<Partition> read(const Table& table) {
        for (std::uint32_t i = 0; i < table.size(); ++i)
            if (table[i].is_partition()) add(i + 1, table[i], 0);
        std::uint32_t next = first_logical;
        for (const Entry& entry : table)
            if (entry.is_extended()) read_logical(entry, next);
        return std::move(partitions_);
    }

private:
    /// Each link of the chain has one partition, relative to the link, and the next link, relative to the start of the
    /// extended partition. `number` is the next free one.
    void read_logical(const Entry& extended, std::uint32_t& number) {
        std::uint64_t link = extended.begin;
        for (unsigned links = 0; links < logical_max; ++links) {
            const std::optional<Table> table = read_entries(disk_, link, sector_bytes_);
            if (!table) return;
            for (const Entry& entry : {(*table)[0], (*table)[1]})
                if (entry.is_partition()) add(number++, entry, link);
            const auto is_extended = [](const Entry& entry) { return entry.is_extended(); };
            const auto next = std::find_if(table->begin(), table->end(), is_extended);
            if (next == table->end() || next->begin == 0 || next->begin >= extended.count) return;
            link = extended.begin + next->begin;
        }
    }

    void add(std::uint32_t number, const Entry& entry, std::uint64_t base) {
        const std::uint64_t sectors = disk_.info().virtual_size.value / sector_bytes_;
        const std::uint64_t begin = base + entry.begin;  // at most three 32-bit numbers: no overflow
        if (begin >= sectors || entry.count > sectors - begin) return;
        partitions_.push_back({number, {ByteOffset{begin * sector_bytes_}, ByteCount{entry.count * sector_bytes_}}});
    }

    const ImageReader& disk_;
    std::uint64_t sector_bytes_;
    std::vector<Partition> partitions_;
};

bool is_protective(const Entry& entry) { return entry.type == gpt_type; }

}  // namespace

std::vector<Partition> read_table(const ImageReader& disk, std::vector<std::string>& warnings) {
    const std::optional<Table> table = read_entries(disk, 0, table_bytes);
    if (!table) return {};
    const auto protective = std::find_if(table->begin(), table->end(), is_protective);
    if (protective != table->end()) return read_gpt(disk, protective->begin + protective->count - 1, warnings);
    return MbrPartitions(disk, 512).read(*table);
}

std::vector<Partition> read_mbr_of_4096(const ImageReader& disk) {
    const std::optional<Table> table = read_entries(disk, 0, table_bytes);
    if (!table || std::any_of(table->begin(), table->end(), is_protective)) return {};
    return MbrPartitions(disk, 4096).read(*table);
}

}  // namespace varve::partition
