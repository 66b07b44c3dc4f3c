#include "formats/parallels/format_extension.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "formats/base/source_cursor.h"
#include "formats/parallels/md5.h"

namespace varve::parallels {
namespace {

constexpr std::uint64_t extension_magic = 0xab234cef23dcea87;
constexpr std::uint64_t bitmap_magic = 0x20385fae252cb34a;
constexpr std::uint64_t flag_necessary = 1;
constexpr std::size_t sum_bytes = 16;
constexpr std::size_t start_bytes = 8 + sum_bytes;
constexpr std::size_t feature_bytes = 24;
constexpr std::size_t bitmap_bytes = 32;
constexpr std::uint64_t l1_entry_bytes = 8;
constexpr std::uint64_t extension_bytes_max = std::uint64_t{64} << 20;
constexpr std::size_t piece_bytes = std::size_t{64} << 10;
constexpr std::size_t bitmaps_max = 4096;

struct Feature {
    std::uint64_t magic = 0;
    std::uint64_t flags = 0;
    std::uint32_t length = 0;
};

Feature parse_feature(ByteView bytes) {
    ByteReader in(bytes, "feature of the format extension");
    Feature feature;
    feature.magic = in.u64le();
    feature.flags = in.u64le();
    feature.length = in.u32le();
    return feature;
}

/// In the order of its bytes, as qemu has it.
std::string id_text(ByteView id) {
    std::string text;
    for (std::size_t i = 0; i < id.size(); ++i)
        text +=
            fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", std::to_integer<unsigned>(id[i]));
    return text;
}

/// One extension. For one use.
class ExtensionReader {
public:
    ExtensionReader(const ByteSource& device, const Header& header) : device_(device), header_(header) {}

    std::vector<ImageBitmap> read() {
        check_place();
        check_sum();
        read_features();
        return std::move(bitmaps_);
    }

private:
    ByteOffset begin() const { return ByteOffset{header_.extension_sector * sector.value}; }
    ByteRange features() const {
        return {begin() + ByteCount{start_bytes}, ByteCount{header_.cluster_size.value - start_bytes}};
    }
    [[noreturn]] void fail(ByteOffset at, std::string_view what) const {
        throw Error(ErrorCode::corrupt, fmt::format("{}: {}", device_.place(at), what));
    }
    void check_place() const;
    void check_sum() const;
    void read_features();
    void take_bitmap(SourceCursor& cursor, const Feature& feature);
    bool is_consistent(std::uint64_t sectors, std::uint32_t granularity, std::uint32_t l1_entries) const;

    const ByteSource& device_;
    const Header& header_;
    std::vector<ImageBitmap> bitmaps_;
};

void ExtensionReader::check_place() const {
    constexpr std::size_t field_at = 56;
    const std::uint64_t file_sectors = device_.size().value / sector.value;
    const std::uint64_t length = header_.cluster_size.value / sector.value;
    if (header_.extension_sector > file_sectors || length > file_sectors - header_.extension_sector)
        fail(ByteOffset{field_at}, fmt::format("header field sector of the format extension: expected {} sectors in "
                                               "the file of {}, found {}",
                                               length, file_sectors, header_.extension_sector));
    if (begin() < header_.table().end())
        fail(ByteOffset{field_at},
             fmt::format("header field sector of the format extension: expected a place after the table, found {}",
                         header_.extension_sector));
    if (header_.cluster_size.value > extension_bytes_max)
        fail(begin(), fmt::format("expected a format extension of at most {} bytes, found {}", extension_bytes_max,
                                  header_.cluster_size.value));
}

void ExtensionReader::check_sum() const {
    Bytes start(start_bytes);
    device_.read_at(begin(), start);
    const auto magic = load_le<std::uint64_t>(start);
    if (magic != extension_magic)
        fail(begin(),
             fmt::format("expected the magic of a format extension, {:#x}, found {:#x}", extension_magic, magic));
    if (!Md5::is_available()) return;
    Md5 md5;
    Bytes piece;
    for (ByteRange rest = features(); rest.length.value != 0;) {
        piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(rest.length.value, piece_bytes)));
        device_.read_at(rest.begin, piece);
        md5.update(piece);
        rest = {rest.begin + ByteCount{piece.size()}, ByteCount{rest.length.value - piece.size()}};
    }
    if (!std::ranges::equal(md5.finish(), ByteView(start).last(sum_bytes)))
        fail(begin(), "the MD5 checksum of the format extension is not that of its bytes");
}

void ExtensionReader::read_features() {
    SourceCursor cursor(device_, features(), "format extension");
    for (;;) {
        const ByteOffset at = cursor.position();
        const Feature feature = parse_feature(cursor.take(feature_bytes));
        if (feature.magic == 0) return;
        const ByteOffset data = cursor.position();
        if (feature.length > cursor.remaining().value)
            fail(at, fmt::format("expected a feature of at most {} bytes, found {}", cursor.remaining().value,
                                 feature.length));
        if (feature.magic == bitmap_magic) {
            take_bitmap(cursor, feature);
        } else if ((feature.flags & flag_necessary) != 0) {
            throw Error(ErrorCode::unsupported,
                        fmt::format("{}: the image needs the feature {:#018x}, which this version of varve does not "
                                    "read; convert the disk with Parallels' own 'prl_disk_tool' and use the copy",
                                    device_.place(at), feature.magic));
        }
        const std::uint64_t padded = divide_up(feature.length, 8) * 8;
        const ByteCount rest{padded - (cursor.position() - data).value};
        cursor.skip(std::min(rest, cursor.remaining()));
    }
}

void ExtensionReader::take_bitmap(SourceCursor& cursor, const Feature& feature) {
    const ByteOffset at = cursor.position();
    if (bitmaps_.size() == bitmaps_max)
        fail(at, fmt::format("expected at most {} dirty bitmaps, found more", bitmaps_max));
    if (feature.length < bitmap_bytes)
        fail(at, fmt::format("expected a dirty bitmap of at least {} bytes, found {}", bitmap_bytes, feature.length));
    const ByteView bytes = cursor.take(bitmap_bytes);
    ByteReader in(bytes, "dirty bitmap");
    const std::uint64_t sectors = in.u64le();
    ImageBitmap bitmap;
    bitmap.name = id_text(in.take(sum_bytes));
    const std::uint32_t granularity = in.u32le();
    const std::uint32_t l1_entries = in.u32le();
    bitmap.granularity = ByteCount{granularity * sector.value};
    bitmap.enabled = true;
    bitmap.in_use = header_.in_use == InUse::open;
    bitmap.consistent =
        is_consistent(sectors, granularity, l1_entries) && l1_entries * l1_entry_bytes <= feature.length - bitmap_bytes;
    bitmaps_.push_back(std::move(bitmap));
}

/// A program that knows no bitmaps clears the mark "closed" when it writes.
bool ExtensionReader::is_consistent(std::uint64_t sectors, std::uint32_t granularity, std::uint32_t l1_entries) const {
    if (header_.in_use != InUse::closed || !std::has_single_bit(granularity)) return false;
    const std::uint64_t bits = divide_up(sectors, granularity);
    return sectors == header_.virtual_size.value / sector.value &&
           l1_entries == divide_up(divide_up(bits, 8), header_.cluster_size.value);
}

}  // namespace

std::vector<ImageBitmap> read_bitmaps(const ByteSource& device, const Header& header,
                                      std::vector<std::string>& warnings) {
    if (header.extension_sector == 0) return {};
    try {
        return ExtensionReader(device, header).read();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        warnings.push_back(fmt::format("{}; the dirty bitmaps of the image were left out", error.what()));
        return {};
    }
}

}  // namespace varve::parallels
