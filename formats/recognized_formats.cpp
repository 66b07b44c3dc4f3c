#include "formats/recognized_formats.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "formats/tar/archive_reader.h"
#include "formats/tar/header.h"

namespace varve::recognized {
namespace {

using namespace std::string_view_literals;

using HasMagic = bool (*)(std::string_view start);
using WayOut = std::string (*)(const std::string& path);
using Claims = bool (*)(const ByteSource& source, std::string_view start);
using Extensions = std::span<const std::string_view>;

constexpr FormatDescriptor refused(std::string_view name, std::string_view noun, Extensions extensions,
                                   HasMagic has_magic, WayOut way_out = nullptr, Claims claims = nullptr) {
    return {
        .name = name,
        .noun = noun,
        .use = FormatUse::unread,
        .may_be_guest_data = false,
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

/// Refused as well, unless a guest may have written it to its disk.
constexpr FormatDescriptor guest_data(std::string_view name, std::string_view noun, Extensions extensions,
                                      HasMagic has_magic, WayOut way_out = nullptr, Claims claims = nullptr) {
    FormatDescriptor format = refused(name, noun, extensions, has_magic, way_out, claims);
    format.may_be_guest_data = true;
    return format;
}

/// The bytes of a literal, as a template argument.
template <std::size_t N>
struct Magic {
    constexpr Magic(const char (&literal)[N]) {
        std::copy_n(literal, N, bytes);
    }  // NOLINT(google-explicit-constructor)
    constexpr std::string_view view() const { return {bytes, N - 1}; }
    char bytes[N] = {};
};

/// A magic at byte 0.
template <Magic... magics>
bool begins_with(std::string_view start) {
    return (start.starts_with(magics.view()) || ...);
}

bool has_no_magic(std::string_view) { return false; }

/// The last 512 bytes of a file that has as many, else nothing.
Bytes tail_of(const ByteSource& source) {
    constexpr std::size_t tail_bytes = 512;
    const std::uint64_t size = source.size().value;
    Bytes tail(size < tail_bytes ? 0 : tail_bytes);
    if (!tail.empty()) tail.resize(read_some(source, ByteOffset{size - tail_bytes}, tail));
    return tail;
}

/// The "koly" block of an Apple disk image is its last 512 bytes.
bool has_dmg_trailer(const ByteSource& source, std::string_view) {
    return has_bytes_at(text_of(tail_of(source)), 0, "koly"sv);
}

/// The label is in one of the first four sectors.
bool has_lvm_label(std::string_view start) {
    for (std::size_t sector = 0; sector < 4; ++sector)
        if (has_bytes_at(start, sector * 512, "LABELONE")) return true;
    return false;
}

bool begins_like_tar(const ByteSource& source, std::string_view start) {
    return has_bytes_at(start, 257, "ustar") || tar::is_tar(source);
}

/// The name of an archive's first member; empty if it is not an archive.
std::string_view first_member(const ByteSource& source, std::string_view start) {
    if (!begins_like_tar(source, start)) return {};
    const std::string_view field = start.substr(0, tar::name_bytes_max);
    std::string_view name = field.substr(0, field.find('\0'));
    while (name.starts_with("./")) name.remove_prefix(2);
    return name;
}

bool is_xva(const ByteSource& source, std::string_view start) { return first_member(source, start) == "ova.xml"; }

/// Vagrant's own files come in any order.
bool is_vagrant_box(const ByteSource& source, std::string_view start) {
    constexpr std::array names{"metadata.json"sv, "Vagrantfile"sv, "box.img"sv, "info.json"sv};
    return std::ranges::find(names, first_member(source, start)) != names.end();
}

std::string_view without_leading_blanks(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text;
}

bool starts_ignoring_case(std::string_view text, std::string_view prefix) {
    return equals_ignoring_case(text.substr(0, prefix.size()), prefix);
}

/// The page that a web server sends in place of a file.
bool is_web_page(std::string_view start) {
    const std::string_view text = without_leading_blanks(start);
    return starts_ignoring_case(text, "<!doctype html") || starts_ignoring_case(text, "<html");
}

/// An XML file in which `element` opens within the first bytes.
template <Magic element>
bool is_xml_with(std::string_view start) {
    const std::string_view text = without_leading_blanks(start);
    return text.starts_with('<') && text.find(element.view()) != text.npos;
}

/// Lines of KEY = "VALUE"; these keys come first in what VMware's products write.
bool is_vmx(std::string_view start) {
    const std::string_view text = without_leading_blanks(start);
    constexpr std::array keys{".encoding"sv, "config.version"sv, "virtualHW.version"sv, "#!/usr/bin/vmware"sv};
    return std::ranges::any_of(keys, [&](std::string_view key) { return starts_ignoring_case(text, key); });
}

/// A shell script whose second line names the version of the format.
bool is_cloop(std::string_view start) {
    return start.starts_with("#!/bin/sh\n#V") && has_bytes_at(start, "#!/bin/sh\n#V2.0"sv.size(), " Format"sv);
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

std::string unpack_first(const std::string&) {
    return "unpack it and name the disk image in it, or pass --format raw to take its bytes as they are";
}

std::string name_its_disk(const std::string&) {
    return "name the file of the disk instead, or pass --format raw to take its bytes as they are";
}

std::string convert_first(const std::string&) {
    return "convert it to raw with its own tools first, or pass --format raw to take its bytes as they are";
}

constexpr std::array bochs_extensions{"bochs"sv};
constexpr std::array cloop_extensions{"cloop"sv};
constexpr std::array dmg_extensions{"dmg"sv, "sparseimage"sv};
constexpr std::array ewf_extensions{"e01"sv, "ex01"sv, "s01"sv, "l01"sv};
constexpr std::array aff_extensions{"aff"sv};
constexpr std::array vma_extensions{"vma"sv};
constexpr std::array asif_extensions{"asif"sv};
constexpr std::array wim_extensions{"wim"sv, "esd"sv, "swm"sv};
constexpr std::array chd_extensions{"chd"sv};
constexpr std::array simg_extensions{"simg"sv};
constexpr std::array vmx_extensions{"vmx"sv, "vmxf"sv, "vmtx"sv};
constexpr std::array vmware_state_extensions{"vmem"sv, "vmss"sv, "vmsn"sv, "vmsd"sv, "nvram"sv};
constexpr std::array vbox_extensions{"vbox"sv, "vbox-prev"sv};
constexpr std::array web_page_extensions{"html"sv, "htm"sv};
constexpr std::array gzip_extensions{"gz"sv, "tgz"sv};
constexpr std::array xz_extensions{"xz"sv, "txz"sv};
constexpr std::array zstd_extensions{"zst"sv, "zstd"sv};
constexpr std::array bzip2_extensions{"bz2"sv};
constexpr std::array lz4_extensions{"lz4"sv};
constexpr std::array lzop_extensions{"lzo"sv};
constexpr std::array zip_extensions{"zip"sv};
constexpr std::array seven_zip_extensions{"7z"sv};
constexpr std::array rar_extensions{"rar"sv};
constexpr std::array xva_extensions{"xva"sv};
constexpr std::array box_extensions{"box"sv};
constexpr std::array tar_extensions{"tar"sv};

}  // namespace

constexpr FormatDescriptor bochs =
    refused("bochs", "a Bochs disk", bochs_extensions, begins_with<"Bochs Virtual HD Image">, convert_first);
constexpr FormatDescriptor cloop =
    refused("cloop", "a compressed loop image (cloop)", cloop_extensions, is_cloop, convert_first);
constexpr FormatDescriptor dmg = refused("dmg", "an Apple disk image (dmg)", dmg_extensions,
                                         begins_with<"encrcdsa", "sprs\0\0\0">, convert_first, has_dmg_trailer);
constexpr FormatDescriptor ewf =
    refused("ewf", "an EnCase image (E01)", ewf_extensions,
            begins_with<"EVF\x09\x0d\x0a\xff\0", "LVF\x09\x0d\x0a\xff\0", "EVF2\x0d\x0a\x81\0", "LEF2\x0d\x0a\x81\0">,
            convert_first);
constexpr FormatDescriptor aff =
    refused("aff", "a forensic image (AFF)", aff_extensions, begins_with<"AFF10\x0d\x0a\0">, convert_first);
constexpr FormatDescriptor vma =
    refused("vma", "a Proxmox VE backup (vma)", vma_extensions, begins_with<"VMA\0">, [](const std::string& path) {
        return fmt::format(
            "extract it with 'vma extract {} FOLDER' and name the disk in it, or pass --format raw to "
            "take its bytes as they are",
            path);
    });
constexpr FormatDescriptor asif =
    refused("asif", "an Apple sparse image (ASIF)", asif_extensions, begins_with<"shdw">, convert_first);
constexpr FormatDescriptor wim =
    refused("wim", "a Windows imaging file (wim)", wim_extensions, begins_with<"MSWIM\0\0\0", "WLPWM\0\0\0">,
            [](const std::string&) {
                return std::string("it holds files, not a disk; pass --format raw to take its bytes as they are");
            });
constexpr FormatDescriptor chd =
    refused("chd", "a MAME hard disk (chd)", chd_extensions, begins_with<"MComprHD">, convert_first);
constexpr FormatDescriptor simg =
    refused("simg", "an Android sparse image", simg_extensions, begins_with<"\x3a\xff\x26\xed">, convert_first);
constexpr FormatDescriptor partclone =
    refused("partclone", "a partclone image", {}, begins_with<"partclone-image">, convert_first);
constexpr FormatDescriptor ctk =
    refused("ctk", "a VMware change tracking file (-ctk.vmdk)", {}, begins_with<"\xa2\x72\x19\xf6">, name_its_disk);
constexpr FormatDescriptor vmx =
    refused("vmx", "a VMware machine's settings (vmx)", vmx_extensions, is_vmx, name_its_disk);
constexpr FormatDescriptor vmware_state =
    refused("vmware_state", "a VMware machine's saved state", vmware_state_extensions,
            begins_with<"\xd0\xbe\xd2\xbe", "\xd1\xba\xd1\xba", "\xd2\xbe\xd2\xbe", "MRVN">, name_its_disk);
constexpr FormatDescriptor vbox = refused("vbox", "a VirtualBox machine's settings (vbox)", vbox_extensions,
                                          is_xml_with<"<VirtualBox">, name_its_disk);
constexpr FormatDescriptor libvirt_domain =
    refused("libvirt_domain", "a libvirt machine's definition (XML)", {}, is_xml_with<"<domain">, name_its_disk);
constexpr FormatDescriptor web_page =
    refused("html", "a web page", web_page_extensions, is_web_page, [](const std::string&) {
        return std::string("download the disk again, or pass --format raw to take its bytes as they are");
    });
constexpr FormatDescriptor luks2 =
    guest_data("luks2", "a LUKS volume of version 2", {}, begins_with<"LUKS\xba\xbe\0\2">, [](const std::string& path) {
        return fmt::format(
            "convert a copy of its header with 'cryptsetup convert --type luks1', open it with cryptsetup and name "
            "the device, or pass --format raw to take the encrypted bytes of {} as they are",
            path);
    });
constexpr FormatDescriptor lvm2 = guest_data("lvm2", "an LVM physical volume", {}, has_lvm_label, name_a_volume);
constexpr FormatDescriptor gzip =
    guest_data("gzip", "a file compressed by gzip", gzip_extensions, begins_with<"\x1f\x8b\x08">,
               [](const std::string&) { return unpack_with("gzip"); });
constexpr FormatDescriptor xz = guest_data("xz", "a file compressed by xz", xz_extensions, begins_with<"\xfd\x37zXZ\0">,
                                           [](const std::string&) { return unpack_with("xz"); });
constexpr FormatDescriptor zstd =
    guest_data("zstd", "a file compressed by zstd", zstd_extensions, begins_with<"\x28\xb5\x2f\xfd">,
               [](const std::string&) { return unpack_with("zstd"); });
constexpr FormatDescriptor bzip2 = guest_data(
    "bzip2", "a file compressed by bzip2", bzip2_extensions,
    [](std::string_view s) { return has_bytes_at(s, 4, "1AY&SY"); },
    [](const std::string&) { return unpack_with("bzip2"); });
constexpr FormatDescriptor lz4 =
    guest_data("lz4", "a file compressed by lz4", lz4_extensions, begins_with<"\x04\x22\x4d\x18", "\x02\x21\x4c\x18">,
               [](const std::string&) { return unpack_with("lz4"); });
constexpr FormatDescriptor lzop =
    guest_data("lzop", "a file compressed by lzop", lzop_extensions, begins_with<"\x89LZO\0\x0d\x0a\x1a\x0a">,
               [](const std::string&) { return unpack_with("lzop"); });
constexpr FormatDescriptor zip =
    guest_data("zip", "a zip archive", zip_extensions, begins_with<"PK\3\4", "PK\5\6", "PK\7\10">, unpack_first);
constexpr FormatDescriptor seven_zip =
    guest_data("7z", "a 7z archive", seven_zip_extensions, begins_with<"7z\xbc\xaf\x27\x1c">, unpack_first);
constexpr FormatDescriptor rar =
    guest_data("rar", "a rar archive", rar_extensions, begins_with<"Rar!\x1a\x07">, unpack_first);
constexpr FormatDescriptor xva =
    refused("xva", "a XenServer machine (xva)", xva_extensions, has_no_magic, unpack_first, is_xva);
constexpr FormatDescriptor vagrant_box =
    refused("box", "a Vagrant box", box_extensions, has_no_magic, unpack_first, is_vagrant_box);
constexpr FormatDescriptor tar_archive = guest_data("tar", "a tar archive without an OVF descriptor", tar_extensions,
                                                    has_no_magic, unpack_first, begins_like_tar);

}  // namespace varve::recognized
