#pragma once
/// Where the text of a descriptor comes from. Memory: descriptor_bytes_max.

#include <optional>
#include <string>

#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// All of a file that is a descriptor. Throws Error(corrupt) for one longer than descriptor_bytes_max.
std::string read_descriptor_file(const ByteSourcePtr& file);

/// Of a file that is a descriptor or has one embedded; nothing of one that has none. Throws Error(corrupt |
/// unsupported).
std::optional<std::string> find_descriptor(const ByteSourcePtr& file);

}  // namespace varve::vmdk
