#include "formats/vmdk/descriptor_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "engine/base/check.h"
#include "engine/base/digest.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/base/hex.h"
#include "engine/base/random.h"
#include "formats/vmdk/descriptor.h"

namespace varve::vmdk {
namespace {

constexpr std::size_t file_name_bytes_max = 255;
constexpr std::uint32_t short_ids_end = 0xfffffffe;  // the two IDs from here on have a special meaning

struct Geometry {
    std::uint64_t cylinders = 0;
    std::uint64_t heads = 0;
    std::uint64_t sectors = 0;
};

/// As VMware invents it, from the adapter's BIOS and the size of the disk.
Geometry geometry_of(AdapterType adapter_type, ByteCount virtual_size) {
    Geometry geometry{0, 255, 63};
    std::uint64_t cylinders_max = 65535;
    if (adapter_type == AdapterType::ide) {
        geometry.heads = 16;
        cylinders_max = 16383;
    } else if (virtual_size < mib(1024)) {
        geometry = {0, 64, 32};
    } else if (virtual_size < mib(2048)) {
        geometry = {0, 128, 32};
    }
    const std::uint64_t cylinders = virtual_size.value / sector_bytes / (geometry.heads * geometry.sectors);
    geometry.cylinders = std::clamp<std::uint64_t>(cylinders, 1, cylinders_max);
    return geometry;
}

/// A UUID in the two forms that descriptors have: VMware's, and VirtualBox's, which is the usual one.
std::string identity_lines(const DiskUuid& uuid) {
    std::string vmware;
    for (std::size_t i = 0; i < uuid.size(); ++i)
        vmware += fmt::format("{}{:02x}", i == 0 ? "" : i == 8 ? "-" : " ", std::to_integer<unsigned>(uuid[i]));
    const std::string hex = to_hex(uuid);
    return fmt::format("ddb.uuid = \"{}\"\nddb.uuid.image = \"{}-{}-{}-{}-{}\"\n", vmware, hex.substr(0, 8),
                       hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4), hex.substr(20));
}

/// A VMFS extent has no offset, since it owns its file; the other flat kind has one, which is 0.
std::string extent_line(const NewExtent& extent) {
    VARVE_CHECK(can_name(extent.file_name) && extent.length.value % sector_bytes == 0);
    const bool is_flat = extent.kind == NewExtentKind::flat;
    const char* word = is_flat ? "FLAT" : extent.kind == NewExtentKind::vmfs ? "VMFS" : "SPARSE";
    return fmt::format("RW {} {} \"{}\"{}\n", extent.length.value / sector_bytes, word, extent.file_name,
                       is_flat ? " 0" : "");
}

std::uint32_t short_id(const ContentId& id) { return load_be<std::uint32_t>(ByteView(id).last(4)); }

}  // namespace

ContentId content_id(const std::optional<DiskUuid>& uuid) {
    ContentId id{};
    Bytes seed;
    if (uuid) seed.assign(uuid->begin(), uuid->end());
    do {
        if (uuid) {
            const Digest digest = sha256(seed);
            std::ranges::copy(digest.view().first(id.size()), id.begin());
            seed.assign(digest.bytes.begin(), digest.bytes.end());
        } else {
            random_bytes(id);
        }
    } while (short_id(id) >= short_ids_end);
    return id;
}

bool can_name(std::string_view file_name) {
    const auto is_wrong = [](char c) { return c == '"' || static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    return !file_name.empty() && file_name.size() <= file_name_bytes_max && is_valid_utf8(file_name) &&
           std::ranges::none_of(file_name, is_wrong);
}

void check_can_name(std::string_view file_name) {
    if (can_name(file_name)) return;
    throw Error(ErrorCode::unsupported,
                fmt::format("'{}': a VMDK image records the names of its files; a name can't contain quotes, control "
                            "characters or bytes that are not UTF-8, nor be longer than {} bytes: choose another name",
                            file_name, file_name_bytes_max));
}

ByteCount NewDescriptor::virtual_size() const {
    ByteCount sum;
    for (const NewExtent& extent : extents) sum += extent.length;
    return sum;
}

std::string describe(const NewDescriptor& disk) {
    const Geometry geometry = geometry_of(disk.options.adapter_type, disk.virtual_size());
    std::string text = fmt::format(
        "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID={:08x}\nparentCID=ffffffff\ncreateType=\"{}\"\n\n"
        "# Extent description\n",
        short_id(disk.content_id), name_of(disk.options.subformat));
    for (const NewExtent& extent : disk.extents) text += extent_line(extent);
    text += "\n# The Disk Data Base\n#DDB\n\n";
    text += fmt::format("ddb.adapterType = \"{}\"\n", name_of(disk.options.adapter_type));
    text += fmt::format("ddb.geometry.cylinders = \"{}\"\nddb.geometry.heads = \"{}\"\nddb.geometry.sectors = \"{}\"\n",
                        geometry.cylinders, geometry.heads, geometry.sectors);
    text += fmt::format("ddb.longContentID = \"{}\"\n", to_hex(disk.content_id));
    text += "ddb.toolsVersion = \"2147483647\"\n";  // the guest's own ("open") tools
    if (disk.options.uuid) text += identity_lines(*disk.options.uuid);
    text += fmt::format("ddb.virtualHWVersion = \"{}\"\n", disk.options.hwversion);
    return text;
}

}  // namespace varve::vmdk
