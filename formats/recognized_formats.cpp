#include "formats/recognized_formats.h"

#include <array>

#include <fmt/format.h>

namespace varve::recognized {
namespace {

using namespace std::string_view_literals;

using HasMagic = bool (*)(std::string_view start);
using Extensions = std::span<const std::string_view>;

constexpr FormatDescriptor refused(FormatUse use, std::string_view name, std::string_view noun, Extensions extensions,
                                   HasMagic has_magic, std::string (*way_out)(const std::string& path) = nullptr,
                                   bool (*claims)(const ByteSource& source, std::string_view start) = nullptr) {
    return {
        .name = name,
        .noun = noun,
        .use = use,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = has_magic,
        .claims = claims,
        .names_another_file = nullptr,
        .way_out = way_out,
        .open = nullptr,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = nullptr,
    };
}

/// A fixed VHD has only a footer: the last 512 bytes, or 511 in very old files.
bool has_vhd_footer(const ByteSource& source, std::string_view) {
    constexpr std::size_t tail_bytes = 512;
    constexpr std::string_view cookie = "conectix";
    const std::uint64_t size = source.size().value;
    if (size < tail_bytes) return false;
    Bytes tail(tail_bytes);
    tail.resize(read_some(source, ByteOffset{size - tail_bytes}, tail));
    return has_bytes_at(text_of(tail), 0, cookie) || has_bytes_at(text_of(tail), 1, cookie);
}

/// The label is in one of the first four sectors.
bool has_lvm_label(std::string_view start) {
    for (std::size_t sector = 0; sector < 4; ++sector)
        if (has_bytes_at(start, sector * 512, "LABELONE")) return true;
    return false;
}

std::string name_a_volume(const std::string& path) {
    return fmt::format(
        "name a volume on it, lvm:VG/LV with --pv {} ('varve info lvm: --pv {}' lists them), or "
        "pass --format raw to take the whole disk as it is",
        path, path);
}

std::string unpack_with(std::string_view program) {
    return fmt::format(
        "unpack it, if need be into standard input ('{} -dc FILE | varve ... --format F -'), "
        "or pass --format raw to take its bytes as they are",
        program);
}

constexpr std::array qcow_extensions{"qcow"sv};
constexpr std::array qed_extensions{"qed"sv};
constexpr std::array vpc_extensions{"vhd"sv, "vpc"sv};
constexpr std::array vhdx_extensions{"vhdx"sv, "avhdx"sv};
constexpr std::array parallels_extensions{"hdd"sv, "hds"sv};
constexpr std::array cow_extensions{"cow"sv};

}  // namespace

constexpr FormatDescriptor qcow = refused(FormatUse::unread_image, "qcow", "a qcow version 1 image", qcow_extensions,
                                          [](std::string_view s) { return s.starts_with("QFI\xfb\0\0\0\1"sv); });
constexpr FormatDescriptor qed = refused(FormatUse::unread_image, "qed", "a QED image", qed_extensions,
                                         [](std::string_view s) { return s.starts_with("QED\0"sv); });
constexpr FormatDescriptor vpc = refused(
    FormatUse::unread_image, "vpc", "a Virtual PC disk (vpc, vhd)", vpc_extensions,
    [](std::string_view s) { return s.starts_with("conectix"); }, nullptr, has_vhd_footer);
constexpr FormatDescriptor vhdx = refused(FormatUse::unread_image, "vhdx", "a Hyper-V disk (vhdx)", vhdx_extensions,
                                          [](std::string_view s) { return s.starts_with("vhdxfile"); });
constexpr FormatDescriptor parallels =
    refused(FormatUse::unread_image, "parallels", "a Parallels disk", parallels_extensions,
            [](std::string_view s) { return s.starts_with("WithoutFreeSpace") || s.starts_with("WithouFreSpacExt"); });
constexpr FormatDescriptor cow = refused(FormatUse::unread_image, "cow", "a User-Mode Linux disk (cow)", cow_extensions,
                                         [](std::string_view s) { return s.starts_with("OOOM\0\0\0\2"sv); });
constexpr FormatDescriptor luks = refused(FormatUse::guest_data, "luks", "a LUKS volume", {},
                                          [](std::string_view s) { return s.starts_with("LUKS\xba\xbe"sv); });
constexpr FormatDescriptor lvm2 =
    refused(FormatUse::guest_data, "lvm2", "an LVM physical volume", {}, has_lvm_label, name_a_volume);
constexpr FormatDescriptor gzip = refused(
    FormatUse::guest_data, "gzip", "a file compressed by gzip", {},
    [](std::string_view s) { return s.starts_with("\x1f\x8b\x08"sv); },
    [](const std::string&) { return unpack_with("gzip"); });
constexpr FormatDescriptor xz = refused(
    FormatUse::guest_data, "xz", "a file compressed by xz", {},
    [](std::string_view s) { return s.starts_with("\xfd\x37zXZ\0"sv); },
    [](const std::string&) { return unpack_with("xz"); });
constexpr FormatDescriptor zstd = refused(
    FormatUse::guest_data, "zstd", "a file compressed by zstd", {},
    [](std::string_view s) { return s.starts_with("\x28\xb5\x2f\xfd"sv); },
    [](const std::string&) { return unpack_with("zstd"); });
constexpr FormatDescriptor bzip2 = refused(
    FormatUse::guest_data, "bzip2", "a file compressed by bzip2", {},
    [](std::string_view s) { return has_bytes_at(s, 4, "1AY&SY"); },
    [](const std::string&) { return unpack_with("bzip2"); });

}  // namespace varve::recognized
