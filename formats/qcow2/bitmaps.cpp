#include "formats/qcow2/bitmaps.h"

#include <set>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"
#include "formats/base/source_cursor.h"
#include "formats/qcow2/features.h"
#include "formats/qcow2/record_cursor.h"

namespace varve::qcow2 {
namespace {

constexpr std::uint32_t bitmaps_max = 65535;
constexpr std::uint64_t directory_bytes_max = std::uint64_t{bitmaps_max} * 1024;
constexpr std::size_t bitmap_fixed_bytes = 24;
constexpr std::uint32_t table_entries_max = 0x8000000;
constexpr std::uint32_t flag_in_use = 1u << 0;
constexpr std::uint32_t flag_auto = 1u << 1;
constexpr std::uint32_t flag_extra_data_compatible = 1u << 2;
constexpr std::uint32_t flags_known = 7;
constexpr std::uint8_t type_dirty_tracking = 1;

struct Entry {
    TablePlace table;
    std::uint32_t flags = 0;
    std::uint8_t type = 0;
    std::uint8_t granularity_bits = 0;
    std::uint16_t name_bytes = 0;
    std::uint32_t extra_bytes = 0;
};

Entry parse_entry(ByteView bytes) {
    ByteReader in(bytes, "bitmap directory entry");
    Entry entry;
    entry.table = parse_table_place(in);
    entry.flags = in.u32be();
    entry.type = in.u8();
    entry.granularity_bits = in.u8();
    entry.name_bytes = in.u16be();
    entry.extra_bytes = in.u32be();
    return entry;
}

void check_directory(const ByteSource& file, const Header& header, const BitmapsExtension& bitmaps) {
    const auto fail = [&](const std::string& what) {
        throw corrupt_image(file, fmt::format("bitmap directory: {}", what));
    };
    const ByteRange place = bitmaps.directory;
    const std::uint64_t file_bytes = file.size().value;
    if (bitmaps.count == 0 || bitmaps.count > bitmaps_max)
        fail(fmt::format("expected 1 to {} bitmaps, found {}", bitmaps_max, bitmaps.count));
    if (place.length.value < bitmaps.count * bitmap_fixed_bytes || place.length.value > directory_bytes_max)
        fail(fmt::format("expected a length of {} to {} bytes, found {}", bitmaps.count * bitmap_fixed_bytes,
                         directory_bytes_max, place.length.value));
    if (place.begin.value % header.cluster_size().value != 0)
        fail(fmt::format("expected an offset that is a multiple of {}, found {}", header.cluster_size().value,
                         place.begin.value));
    if (place.begin.value > file_bytes || place.length.value > file_bytes - place.begin.value)
        fail(fmt::format("expected {} bytes at offset {}, found the end of the file at {}", place.length.value,
                         place.begin.value, file_bytes));
}

void check_entry(const RecordCursor& in, const Entry& entry) {
    if (entry.type != type_dirty_tracking)
        in.fail(fmt::format("expected type {}, found {}", type_dirty_tracking, entry.type));
    if (entry.granularity_bits < 9 || entry.granularity_bits > 31)
        in.fail(fmt::format("expected granularity_bits of 9 to 31, found {}", entry.granularity_bits));
    if (entry.name_bytes == 0 || entry.name_bytes > 1023)
        in.fail(fmt::format("expected a name of 1 to 1023 bytes, found {}", entry.name_bytes));
    if (entry.table.entries > table_entries_max)
        in.fail(
            fmt::format("expected a table of at most {} entries, found {}", table_entries_max, entry.table.entries));
}

/// Whether the bitmap's table has the length that the disk needs, and is inside the file.
bool shape_fits(const ByteSource& file, const Header& header, const Entry& entry) {
    const std::uint64_t bits = divide_up(header.virtual_size.value, std::uint64_t{1} << entry.granularity_bits);
    const std::uint64_t expected = divide_up(divide_up(bits, 8), header.cluster_size().value);
    const ByteRange place = entry.table.range();
    const std::uint64_t file_bytes = file.size().value;
    return entry.table.entries == expected && place.begin.value % header.cluster_size().value == 0 &&
           place.begin.value <= file_bytes && place.length.value <= file_bytes - place.begin.value;
}

bool is_consistent(const ByteSource& file, const Header& header, const Entry& entry) {
    const bool vouched = (header.features.autoclear & autoclear_bitmaps) != 0;
    const bool known = (entry.flags & ~flags_known) == 0;
    const bool extra_ignorable = entry.extra_bytes == 0 || (entry.flags & flag_extra_data_compatible) != 0;
    const bool closed = (entry.flags & flag_in_use) == 0;
    return vouched && known && extra_ignorable && closed && shape_fits(file, header, entry);
}

ImageBitmap read_bitmap(const ByteSource& file, const Header& header, RecordCursor& in) {
    const Entry entry = parse_entry(in.take(bitmap_fixed_bytes));
    check_entry(in, entry);
    in.skip(ByteCount{entry.extra_bytes});
    ImageBitmap bitmap;
    bitmap.name = in.text(entry.name_bytes);
    bitmap.granularity = ByteCount{std::uint64_t{1} << entry.granularity_bits};
    bitmap.enabled = (entry.flags & flag_auto) != 0;
    bitmap.in_use = (entry.flags & flag_in_use) != 0;
    bitmap.consistent = is_consistent(file, header, entry);
    return bitmap;
}

std::vector<ImageBitmap> read_directory(const ByteSource& file, const Header& header,
                                        const BitmapsExtension& extension) {
    check_directory(file, header, extension);
    RecordCursor in(file, extension.directory, "bitmap directory");
    std::vector<ImageBitmap> bitmaps;
    std::set<std::string> names;
    for (std::uint32_t i = 0; i < extension.count; ++i, in.next_record()) {
        bitmaps.push_back(read_bitmap(file, header, in));
        if (!names.insert(bitmaps.back().name).second)
            in.fail(fmt::format("expected a unique name, found a second '{}'", bitmaps.back().name));
    }
    return bitmaps;
}

}  // namespace

std::vector<ImageBitmap> read_bitmaps(const ByteSource& file, const Header& header,
                                      std::vector<std::string>& warnings) {
    if (!header.extensions.bitmaps) return {};
    try {
        return read_directory(file, header, *header.extensions.bitmaps);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        warnings.push_back(fmt::format("the bitmaps are ignored, as their directory is damaged: {}", error.what()));
        return {};
    }
}

}  // namespace varve::qcow2
