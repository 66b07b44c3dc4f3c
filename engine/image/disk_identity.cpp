#include "engine/image/disk_identity.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/escape.h"
#include "engine/base/hex.h"

namespace varve {
namespace {

constexpr std::size_t head_bytes = 68 << 10;

/// The first bytes of the disk; ranges without data are zeros.
Bytes head_of_disk(const ImageReader& image) {
    const auto length = std::min<std::uint64_t>(head_bytes, image.info().virtual_size.value);
    Bytes head(static_cast<std::size_t>(length));
    const ByteOffset end{length};
    for (ByteOffset at; at < end;) {
        const Extent extent = image.extent_at(at);
        const ByteOffset to = std::min(extent.end(), end);
        if (extent.kind == ExtentKind::data)
            image.read(at, ByteSpan(head).subspan(static_cast<std::size_t>(at.value),
                                                  static_cast<std::size_t>((to - at).value)));
        at = to;
    }
    return head;
}

bool has_text(ByteView head, std::size_t at, std::string_view text) {
    return at + text.size() <= head.size() && text_of(head.subspan(at, text.size())) == text;
}

/// The bytes as hexadecimal, after `what`; empty when they are all zero or past the end.
std::string named(std::string_view what, ByteView head, std::size_t at, std::size_t length) {
    if (at + length > head.size()) return "";
    const ByteView id = head.subspan(at, length);
    if (std::ranges::all_of(id, [](std::byte b) { return b == std::byte{0}; })) return "";
    return fmt::format("{} {}", what, to_hex(id));
}

std::string partition_table(ByteView head) {
    for (const std::size_t sector : {std::size_t{512}, std::size_t{4096}})
        if (has_text(head, sector, "EFI PART")) return named("GPT disk id", head, sector + 56, 16);
    const bool is_boot_sector = has_text(head, 510, "\x55\xaa");
    // A boot sector that begins a file system has no table: its code begins at another place.
    if (is_boot_sector && !has_text(head, 3, "NTFS    ") && !has_text(head, 54, "FAT") && !has_text(head, 82, "FAT"))
        return named("MBR disk id", head, 440, 4);
    return "";
}

std::string physical_volume(ByteView head) {
    constexpr std::size_t uuid_length = 32;
    for (std::size_t sector = 0; sector < 4; ++sector) {
        const std::size_t at = sector * 512;
        if (!has_text(head, at, "LABELONE") || at + 512 > head.size()) continue;
        const std::size_t header = at + load_le<std::uint32_t>(head.subspan(at + 20, 4));
        if (header + uuid_length > head.size()) return "";
        return fmt::format("LVM physical volume {}", escape_for_display(text_of(head.subspan(header, uuid_length))));
    }
    return "";
}

std::string file_system(ByteView head) {
    if (has_text(head, 1024 + 56, "\x53\xef")) return named("ext file system", head, 1024 + 104, 16);
    if (has_text(head, 0, "XFSB")) return named("XFS file system", head, 32, 16);
    if (has_text(head, 3, "NTFS    ")) return named("NTFS file system", head, 72, 8);
    if (has_text(head, 4086, "SWAPSPACE2")) return named("swap area", head, 1036, 16);
    if (has_text(head, 65536 + 64, "_BHRfS_M")) return named("Btrfs file system", head, 65536 + 32, 16);
    return "";
}

}  // namespace

std::string disk_identity(const ImageReader& image) {
    const Bytes head = head_of_disk(image);
    std::string identity = partition_table(head);
    if (identity.empty()) identity = physical_volume(head);
    return identity.empty() ? file_system(head) : identity;
}

}  // namespace varve
