#pragma once
/// Parses one segment of a logical volume from its section of the metadata text. Source: the text import of each
/// segment type in lvm2 (lib/striped, lib/snapshot, lib/thin, ...).

#include "formats/lvm/metadata_fields.h"
#include "formats/lvm/volume_group.h"

namespace varve::lvm {

/// Parses the section `fields`. A type that is not read, or one with a flag that is not known, becomes OtherSegment.
/// Throws Error(corrupt) if a segment of a type that is read lacks a key or contradicts itself.
Segment parse_segment(const MetadataFields& fields, ByteCount extent_size);

}  // namespace varve::lvm
