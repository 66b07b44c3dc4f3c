#include "formats/qcow2/header_extensions.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"

namespace varve::qcow2 {
namespace {

enum ExtensionType : std::uint32_t {
    type_end = 0x00000000,
    type_luks = 0x0537be77,
    type_bitmaps = 0x23852875,
    type_data_file = 0x44415441,
    type_feature_names = 0x6803f857,
    type_backing_format = 0xe2792aca,
};

constexpr std::size_t head_bytes = 8;
constexpr std::size_t luks_bytes = 16;
constexpr std::size_t bitmaps_bytes = 24;
constexpr std::size_t feature_name_bytes = 48;
constexpr std::size_t text_bytes_max = 1023;

struct Extension {
    std::uint32_t type = 0;
    ByteOffset at;
    ByteView data;
};

std::string text(const ByteSource& file, const Extension& extension) {
    if (extension.data.size() > text_bytes_max)
        throw corrupt_image(
            file, fmt::format("header extension {:#x} at offset {}: expected a text of at most {} bytes, found {}",
                              extension.type, extension.at.value, text_bytes_max, extension.data.size()));
    return std::string(text_of(extension.data));
}

BitmapsExtension parse_bitmaps(const ByteSource& file, const Extension& extension) {
    if (extension.data.size() != bitmaps_bytes)
        throw corrupt_image(file, fmt::format("bitmaps extension at offset {}: expected {} bytes, found {}",
                                              extension.at.value, bitmaps_bytes, extension.data.size()));
    ByteReader in(extension.data, "bitmaps extension");
    BitmapsExtension bitmaps;
    bitmaps.count = in.u32be();
    if (const std::uint32_t reserved = in.u32be(); reserved != 0)
        throw corrupt_image(file,
                            fmt::format("bitmaps extension at offset {}: expected a reserved field of 0, found {}",
                                        extension.at.value, reserved));
    bitmaps.directory.length = ByteCount{in.u64be()};
    bitmaps.directory.begin = ByteOffset{in.u64be()};
    return bitmaps;
}

ByteRange parse_luks(const ByteSource& file, const Extension& extension) {
    if (extension.data.size() != luks_bytes)
        throw corrupt_image(file, fmt::format("LUKS header extension at offset {}: expected {} bytes, found {}",
                                              extension.at.value, luks_bytes, extension.data.size()));
    return {ByteOffset{load_be<std::uint64_t>(extension.data)},
            ByteCount{load_be<std::uint64_t>(extension.data.subspan(8))}};
}

void parse_feature_names(const Extension& extension, Extensions& out) {
    ByteView rest = extension.data;
    for (; rest.size() >= feature_name_bytes; rest = rest.subspan(feature_name_bytes)) {
        const auto kind = std::to_integer<std::uint8_t>(rest[0]);
        if (kind > 2) continue;
        const FeatureBit bit{static_cast<FeatureBit::Kind>(kind), std::to_integer<std::uint8_t>(rest[1])};
        const std::string_view padded = text_of(rest.subspan(2, feature_name_bytes - 2));
        out.feature_names.emplace(bit, padded.substr(0, padded.find('\0')));
    }
}

void take_extension(const ByteSource& file, const Extension& extension, Extensions& out) {
    switch (extension.type) {
        case type_backing_format:
            out.backing_format = text(file, extension);
            break;
        case type_data_file:
            out.data_file = text(file, extension);
            break;
        case type_luks:
            out.luks = parse_luks(file, extension);
            break;
        case type_bitmaps:
            out.bitmaps = parse_bitmaps(file, extension);
            break;
        case type_feature_names:
            parse_feature_names(extension, out);
            break;
        default:
            break;
    }
}

bool is_needed(std::uint32_t type, const NeededExtensions& needed) {
    return (type == type_backing_format && needed.backing_format) || (type == type_data_file && needed.data_file) ||
           (type == type_luks && needed.luks);
}

/// Where the list breaks off, what comes after is unknown.
void leave_out_the_rest(Extensions& out, const NeededExtensions& needed, const Error& error) {
    if ((needed.backing_format && !out.backing_format) || (needed.data_file && !out.data_file) ||
        (needed.luks && !out.luks))
        throw error;
    out.problems.emplace_back(error.what());
}

/// An extension, padded to a multiple of 8 bytes.
void put_extension(ByteWriter& out, std::uint32_t type, std::string_view data) {
    out.u32be(type);
    out.u32be(static_cast<std::uint32_t>(data.size()));
    out.append(bytes_of(data));
    out.zeros(divide_up(data.size(), 8) * 8 - data.size());
}

void put_luks(ByteWriter& out, ByteRange place) {
    out.u32be(type_luks);
    out.u32be(luks_bytes);
    out.u64be(place.begin.value);
    out.u64be(place.length.value);
}

}  // namespace

Extensions parse_extensions(const ByteSource& file, ByteView area, ByteOffset begin, NeededExtensions needed) {
    Extensions out;
    std::set<std::uint32_t> seen;
    std::size_t position = 0;
    while (area.size() - position >= head_bytes) {
        const auto type = load_be<std::uint32_t>(area.subspan(position));
        const auto length = load_be<std::uint32_t>(area.subspan(position + 4));
        if (type == type_end) break;
        const ByteOffset at = begin + ByteCount{position};
        position += head_bytes;
        if (length > area.size() - position) {
            leave_out_the_rest(
                out, needed,
                corrupt_image(
                    file,
                    fmt::format("header extension {:#x} at offset {}: expected at most {} bytes, found a length of {}",
                                type, at.value, area.size() - position, length)));
            break;
        }
        const Extension extension{type, at, area.subspan(position, length)};
        try {
            if (!seen.insert(type).second)
                throw corrupt_image(
                    file, fmt::format("header extension {:#x} at offset {}: expected one of its type, found a second",
                                      type, at.value));
            take_extension(file, extension, out);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::corrupt || is_needed(type, needed)) throw;
            out.problems.emplace_back(error.what());
        }
        position = std::min<std::size_t>(area.size(), position + divide_up(length, 8) * 8);
    }
    return out;
}

Bytes encode_extensions(const Extensions& extensions) {
    VARVE_CHECK(!extensions.data_file && !extensions.bitmaps && extensions.feature_names.empty());
    ByteWriter out;
    if (extensions.backing_format) put_extension(out, type_backing_format, *extensions.backing_format);
    if (extensions.luks) put_luks(out, *extensions.luks);
    put_extension(out, type_end, "");
    return out.release();
}

}  // namespace varve::qcow2
