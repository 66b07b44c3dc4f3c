#pragma once
/// One segment of a logical volume, from its section of the metadata text. Source: the text import of each segment type
/// in lvm2 (lib/striped, lib/snapshot, lib/thin, ...).

#include "formats/lvm/metadata_fields.h"
#include "formats/lvm/volume_group.h"

namespace varve::lvm {

/// Reads what `fields` holds. A type, or a flag of a type, that is not read becomes OtherSegment. Throws Error(corrupt)
/// when a type that is read lacks a key or contradicts itself.
Segment parse_segment(const MetadataFields& fields, ByteCount extent_size);

}  // namespace varve::lvm
