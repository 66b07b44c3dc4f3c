#include "formats/vhdx/file_header.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/base/byte_writer.h"
#include "engine/base/crc.h"
#include "formats/base/image_error.h"

namespace varve::vhdx {
namespace {

constexpr std::uint32_t header_signature = 0x64616568;  // "head"
constexpr std::size_t header_checksum_at = 4;
constexpr std::uint16_t version_read = 1;

Uuid uuid_at(ByteView bytes, std::size_t at) {
    Uuid uuid;
    std::ranges::copy(bytes.subspan(at, uuid.bytes.size()), uuid.bytes.begin());
    return uuid;
}

/// Nothing for bytes that are not those of a header.
std::optional<Bytes> read_header_copy(const ByteSource& file, ByteOffset at) {
    Bytes bytes(header_bytes);
    if (read_some(file, at, bytes) < bytes.size() || load_le<std::uint32_t>(bytes) != header_signature)
        return std::nullopt;
    const auto checksum = load_le<std::uint32_t>(ByteView(bytes).subspan(header_checksum_at));
    if (checksum_without(bytes, header_checksum_at) != checksum) return std::nullopt;
    return bytes;
}

FileHeader parse(ByteView bytes) {
    FileHeader header;
    header.sequence = load_le<std::uint64_t>(bytes.subspan(8));
    header.file_write = uuid_at(bytes, 16);
    header.data_write = uuid_at(bytes, 32);
    header.log = uuid_at(bytes, 48);
    header.log_version = load_le<std::uint16_t>(bytes.subspan(64));
    header.log_range = {ByteOffset{load_le<std::uint64_t>(bytes.subspan(72))},
                        ByteCount{load_le<std::uint32_t>(bytes.subspan(68))}};
    return header;
}

/// The copy that counts, and where it is.
std::pair<Bytes, ByteOffset> current_copy(const ByteSource& file, std::vector<std::string>& warnings) {
    auto first = read_header_copy(file, first_header);
    auto second = read_header_copy(file, second_header);
    if (!first && !second)
        throw corrupt(file, first_header,
                      fmt::format("expected a header here or at byte {}, found two without a valid checksum",
                                  second_header.value));
    if (!first || !second) {
        warnings.push_back(fmt::format("{}: a header of the VHDX file is damaged; its other copy was used",
                                       file.place(first ? second_header : first_header)));
        return first ? std::pair(std::move(*first), first_header) : std::pair(std::move(*second), second_header);
    }
    const std::uint64_t sequence = parse(*first).sequence;
    const std::uint64_t other = parse(*second).sequence;
    if (sequence == other && *first != *second)
        throw corrupt(file, second_header,
                      fmt::format("expected a sequence number other than {}, that of the first header, or the same "
                                  "header, found another one with that number",
                                  sequence));
    return sequence >= other ? std::pair(std::move(*first), first_header)
                             : std::pair(std::move(*second), second_header);
}

void check_log_range(const ByteSource& file, const FileHeader& header, ByteOffset at) {
    const ByteRange log = header.log_range;
    const bool is_aligned = log.begin.value % unit == 0 && log.length.value % unit == 0;
    const std::uint64_t size = file.size().value;
    const bool is_inside =
        log.begin.value >= unit && log.begin.value <= size && log.length.value <= size - log.begin.value;
    if (header.log.is_null() || (is_aligned && is_inside && !log.empty())) return;
    throw corrupt(
        file, at + ByteCount{68},
        fmt::format("log: expected whole MiB from {} on within the {} bytes of the file, found {} bytes at {}", unit,
                    size, log.length.value, log.begin.value));
}

}  // namespace

FileHeader read_file_header(const ByteSource& file, std::vector<std::string>& warnings) {
    const auto [bytes, at] = current_copy(file, warnings);
    const FileHeader header = parse(bytes);
    if (const auto version = load_le<std::uint16_t>(ByteView(bytes).subspan(66)); version != version_read)
        throw unsupported_image(file, fmt::format("version {} of VHDX (byte {})", version, at.value + 66));
    if (header.log_version != 0 && !header.log.is_null())
        throw unsupported_image(file,
                                fmt::format("version {} of the log (byte {})", header.log_version, at.value + 64));
    check_log_range(file, header, at);
    return header;
}

Bytes encode_file_header(const FileHeader& header) {
    ByteWriter out;
    out.u32le(header_signature);
    out.u32le(0);
    out.u64le(header.sequence);
    for (const Uuid& uuid : {header.file_write, header.data_write, header.log}) out.append(uuid.bytes);
    out.u16le(header.log_version);
    out.u16le(version_read);
    out.u32le(static_cast<std::uint32_t>(header.log_range.length.value));
    out.u64le(header.log_range.begin.value);
    out.zeros(header_bytes - out.size());
    Bytes bytes = out.release();
    store_le(ByteSpan(bytes).subspan(header_checksum_at), crc32c(bytes));
    return bytes;
}

std::uint32_t checksum_without(ByteView bytes, std::size_t at) {
    Bytes copy(bytes.begin(), bytes.end());
    std::fill_n(copy.begin() + static_cast<std::ptrdiff_t>(at), 4, std::byte{0});
    return crc32c(copy);
}

Error corrupt(const ByteSource& file, ByteOffset at, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("{}: {}; the image is damaged, 'qemu-img check -f vhdx' on a copy may show details",
                             file.place(at), what));
}

}  // namespace varve::vhdx
