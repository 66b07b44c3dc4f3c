#pragma once
/// Reads a volume group's metadata text. Source: lib/format_text in lvm2.

#include <string>
#include <string_view>

#include "formats/lvm/volume_group.h"

namespace varve::lvm {

/// Reads a whole metadata text. `where` names it in errors, e.g. "metadata text on 'p0.raw' at byte 18432". Unknown
/// keys and sections are skipped. Throws Error(corrupt) with line, key, expected and found for a text that breaks the
/// grammar, lacks something required, or contradicts itself (a gap between segments, a stripe count that does not match
/// the stripes, a size that overflows, two volumes with the same name or uuid); Error(unsupported) for another version
/// or an unknown status flag of the group.
VolumeGroup parse_volume_group(std::string_view text, const std::string& where);

}  // namespace varve::lvm
