#pragma once
/// What the footer, its copy and the dynamic header of a VHD together say: which disk the image holds, and where its
/// block table is. Every field is checked against its limits and against the file.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "formats/base/byte_source.h"
#include "formats/vhd/dynamic_header.h"
#include "formats/vhd/footer.h"

namespace varve::vhd {

struct Layout {
    Footer footer;
    ByteCount footer_at_end;              ///< its length at the end of the file; 0 if there is none
    ByteCount virtual_size;               ///< by the rule for its creator
    std::optional<DynamicHeader> header;  ///< of all but fixed images; `entries` are those that the disk needs
    std::vector<std::string> warnings;    ///< about what was read despite a doubt

    bool is_differencing() const { return footer.type == DiskType::differencing; }
    ByteRange header_range() const { return {{footer.data_offset}, {header_bytes}}; }
    ByteRange table_range() const {
        return {header->table, ByteCount{std::uint64_t{header->entries} * table_entry_bytes}};
    }
};

/// Reads and checks them. Throws Error(corrupt) for a field outside its limits, Error(unsupported) for a version that
/// is not read. Of the footer and its copy, one must be sound. Three small reads.
Layout read_layout(const ByteSourcePtr& device);

/// Whether the file is a VHD by its last bytes, where a fixed image has its only footer.
bool has_footer_at_end(const ByteSource& source);

/// Whether the file is a differencing image, according to its footer or the copy. Checks nothing else.
bool is_differencing_image(const ByteSource& source);

/// Error(corrupt): "'a.vhd' at byte 384: `what`", and what to do about it.
Error corrupt(const ByteSourcePtr& device, ByteOffset at, std::string_view what);

}  // namespace varve::vhd
