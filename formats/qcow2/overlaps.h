#pragma once
/// Finds metadata of a qcow2 image that overlaps other metadata, as far as the header shows. Such an image is damaged
/// and must never be written to, but may be read: the tables are then followed as they are.

#include <string>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve::qcow2 {

struct Header;

/// One full sentence for each pair of header, L1 table, refcount table and snapshot table that overlap.
std::vector<std::string> overlap_warnings(const ByteSource& file, const Header& header);

}  // namespace varve::qcow2
