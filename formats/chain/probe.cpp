#include "formats/chain/probe.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/error.h"
#include "formats/tar/archive_reader.h"

namespace varve {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t start_bytes = 4096;
constexpr std::size_t tail_bytes = 512;

struct Magic {
    std::size_t at;
    std::string_view bytes;
    std::string_view format;
};

/// Plain magics at fixed places, most specific first.
constexpr std::array magics{
    Magic{0, "QFI\xfb\0\0\0\1"sv, "qcow"},
    Magic{0, "QFI\xfb"sv, "qcow2"},
    Magic{0, "QED\0"sv, "qed"},
    Magic{0, "KDMV"sv, "vmdk"},
    Magic{0, "COWD"sv, "vmdk"},
    Magic{0, "\xbe\xba\xfe\xca\0\0\0\0"sv, "vmdk"},  // seSparse
};

constexpr std::array magics_after_text{
    Magic{0, "conectix"sv, "vpc"},
    Magic{0, "vhdxfile"sv, "vhdx"},
    Magic{64, "\x7f\x10\xda\xbe"sv, "vdi"},
    Magic{0, "WithoutFreeSpace"sv, "parallels"},
    Magic{0, "WithouFreSpacExt"sv, "parallels"},
    Magic{0, "OOOM\0\0\0\2"sv, "cow"},
    Magic{0, "LUKS\xba\xbe"sv, "luks"},
    Magic{0 * 512, "LABELONE"sv, "lvm2"},
    Magic{1 * 512, "LABELONE"sv, "lvm2"},
    Magic{2 * 512, "LABELONE"sv, "lvm2"},
    Magic{3 * 512, "LABELONE"sv, "lvm2"},
    Magic{0, "\x1f\x8b\x08"sv, "gzip"},  // what images come in, mostly
    Magic{0, "\xfd\x37zXZ\0"sv, "xz"},
    Magic{0, "\x28\xb5\x2f\xfd"sv, "zstd"},
    Magic{4, "1AY&SY"sv, "bzip2"},
};

struct FormatName {
    std::string_view format;
    std::string_view noun;
};

constexpr std::array format_names{
    FormatName{"raw", "a raw image"},
    FormatName{"qcow2", "a qcow2 image"},
    FormatName{"qcow", "a qcow version 1 image"},
    FormatName{"qed", "a QED image"},
    FormatName{"vmdk", "a VMware disk (vmdk)"},
    FormatName{"vpc", "a Virtual PC disk (vpc, vhd)"},
    FormatName{"vhdx", "a Hyper-V disk (vhdx)"},
    FormatName{"vdi", "a VirtualBox disk (vdi)"},
    FormatName{"parallels", "a Parallels disk"},
    FormatName{"cow", "a User-Mode Linux disk (cow)"},
    FormatName{"luks", "a LUKS volume"},
    FormatName{"lvm2", "an LVM physical volume"},
    FormatName{"gzip", "a file compressed by gzip"},
    FormatName{"xz", "a file compressed by xz"},
    FormatName{"zstd", "a file compressed by zstd"},
    FormatName{"bzip2", "a file compressed by bzip2"},
    FormatName{"ova", "an appliance (ova, ovf)"},
};

bool has_at(std::string_view start, std::size_t at, std::string_view bytes) {
    return start.size() >= at && start.substr(at).starts_with(bytes);
}

template <std::size_t N>
std::optional<std::string> match(std::string_view start, const std::array<Magic, N>& list) {
    for (const Magic& magic : list)
        if (has_at(start, magic.at, magic.bytes)) return std::string(magic.format);
    return std::nullopt;
}

/// A VMware descriptor begins with its title, after blank and comment lines.
bool is_vmdk_descriptor(std::string_view text) {
    constexpr std::string_view title = "# Disk DescriptorFile";
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        while (!line.empty() && (line.front() == ' ' || line.front() == '\t' || line.front() == '\r'))
            line.remove_prefix(1);
        if (equals_ignoring_case(line.substr(0, title.size()), title)) return true;
        if ((!line.empty() && line.front() != '#') || end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
    }
    return false;
}

bool is_named_descriptor(std::string_view name) { return name.size() > 4 && ends_ignoring_case(name, ".ovf"); }

/// A tar archive with an OVF descriptor, which is first as a rule. What begins like an archive, and is none, is a disk.
bool is_ova(const ByteSource& source, std::string_view start) {
    if (!has_at(start, 257, "ustar")) return false;
    const std::string_view field = start.substr(0, 100);
    if (is_named_descriptor(field.substr(0, field.find('\0')))) return true;
    try {
        if (!tar::is_tar(source)) return false;
        const std::vector<tar::Member> members = tar::read_members(source);
        return std::ranges::any_of(members, is_named_descriptor, &tar::Member::name);
    } catch (const Error&) {
        return false;
    }
}

/// XML whose root is an envelope of OVF, in whatever version.
bool is_ovf(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == text.npos || text[begin] != '<') return false;
    return text.find("Envelope") != text.npos && text.find("/ovf/") != text.npos;
}

/// A fixed VHD is recognised by its footer: the last 512 bytes, or 511 in very old files.
bool has_vhd_footer(const ByteSource& source) {
    constexpr std::string_view cookie = "conectix";
    const std::uint64_t size = source.size().value;
    if (size < tail_bytes) return false;
    Bytes tail(tail_bytes);
    tail.resize(read_some(source, ByteOffset{size - tail_bytes}, tail));
    return has_at(text_of(tail), 0, cookie) || has_at(text_of(tail), 1, cookie);
}

bool is_differencing_vdi(ByteView start) {
    constexpr std::uint32_t differencing = 4;
    const std::size_t type_at = load_le<std::uint32_t>(start.subspan(68)) == 2 ? 72 : 76;  // version 0.2, else 1.1
    return load_le<std::uint32_t>(start.subspan(type_at)) == differencing;
}

}  // namespace

std::optional<std::string> probe_format(const ByteSource& source) {
    Bytes bytes(start_bytes);
    bytes.resize(read_some(source, ByteOffset{}, bytes));
    const std::string_view start = text_of(bytes);
    if (auto format = match(start, magics)) return format;
    if (is_vmdk_descriptor(start)) return "vmdk";
    if (auto format = match(start, magics_after_text)) return format;
    if (is_ova(source, start) || is_ovf(start)) return "ova";
    if (has_vhd_footer(source)) return "vpc";
    return std::nullopt;
}

bool names_another_file(const ByteSource& source, std::string_view format) {
    if (format == "vmdk") return true;  // what is in the descriptor is not worth reading it for a warning
    std::array<std::byte, 80> start{};
    if (read_some(source, ByteOffset{}, start) != start.size()) return false;
    if (format == "vdi") return is_differencing_vdi(start);
    if (format != "qcow2") return false;
    const auto version = load_be<std::uint32_t>(ByteView(start).subspan(4));
    const auto backing_file_offset = load_be<std::uint64_t>(ByteView(start).subspan(8));
    const auto incompatible_features = load_be<std::uint64_t>(ByteView(start).subspan(72));
    return backing_file_offset != 0 || (version >= 3 && (incompatible_features & 4) != 0);
}

std::string describe_format(std::string_view format) {
    for (const FormatName& name : format_names)
        if (name.format == format) return std::string(name.noun);
    return fmt::format("an image of format '{}'", format);
}

}  // namespace varve
