#pragma once
/// Finds metadata of a qcow2 image that lies over other metadata, as far as the header tells. Such an image is damaged
/// and must never be written to, but may be read: what the tables say is then followed as it stands.

#include <string>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve::qcow2 {

struct Header;

/// One full sentence for each pair of header, L1 table, refcount table and snapshot table that overlap.
std::vector<std::string> overlap_warnings(const ByteSource& file, const Header& header);

}  // namespace varve::qcow2
