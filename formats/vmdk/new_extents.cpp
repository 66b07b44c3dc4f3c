#include "formats/vmdk/new_extents.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/new_layout.h"

namespace varve::vmdk {
namespace {

constexpr ByteCount piece_length{4192256 * sector_bytes};
constexpr std::string_view vmdk_extension = ".vmdk";

std::string_view without_extension(std::string_view name) {
    return ends_ignoring_case(name, vmdk_extension) ? name.substr(0, name.size() - vmdk_extension.size()) : name;
}

NewExtentKind extent_kind_of(Subformat subformat) {
    switch (subformat) {
        case Subformat::two_gb_max_extent_sparse:
            return NewExtentKind::sparse;
        case Subformat::vmfs:
            return NewExtentKind::vmfs;
        default:
            return NewExtentKind::flat;
    }
}

std::vector<NewExtent> split_into_pieces(NewExtentKind kind, ByteCount virtual_size, std::string_view stem) {
    std::vector<NewExtent> extents;
    for (ByteCount rest = virtual_size; rest.value > 0; rest = rest - extents.back().length)
        extents.push_back({kind, std::min(rest, piece_length),
                           fmt::format("{}-{}{:03}{}", stem, kind == NewExtentKind::sparse ? 's' : 'f',
                                       extents.size() + 1, vmdk_extension)});
    return extents;
}

void check_descriptor_length(const NewDescriptor& disk) {
    if (describe(disk).size() < descriptor_bytes_max) return;
    throw Error(
        ErrorCode::unsupported,
        fmt::format("a disk of {} bytes is too large for pieces of {} bytes each: the descriptor that lists all {} "
                    "pieces reaches {} bytes, the limit of readers; choose another subformat",
                    disk.virtual_size().value, piece_length.value, disk.extents.size(), descriptor_bytes_max));
}

}  // namespace

NewDescriptor describe_files(const CreationOptions& options, ByteCount virtual_size, std::string_view file_name) {
    VARVE_CHECK(options.has_data_files());
    check_new_size(virtual_size);
    const std::string_view stem = without_extension(file_name);
    const NewExtentKind kind = extent_kind_of(options.subformat);
    const bool is_split = options.has_grains() || options.subformat == Subformat::two_gb_max_extent_flat;
    NewDescriptor disk{options, content_id(options.uuid), {}};
    if (is_split)
        disk.extents = split_into_pieces(kind, virtual_size, stem);
    else
        disk.extents.push_back({kind, virtual_size, fmt::format("{}-flat{}", stem, vmdk_extension)});
    check_can_name(disk.extents.back().file_name);  // the longest name
    check_descriptor_length(disk);
    return disk;
}

}  // namespace varve::vmdk
