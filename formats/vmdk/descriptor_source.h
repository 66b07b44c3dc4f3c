#pragma once
/// Finds the text of a descriptor, in a file of its own or embedded. Memory: descriptor_bytes_max.

#include <optional>
#include <string>

#include "formats/base/byte_source.h"

namespace varve::vmdk {

/// The whole text of a descriptor file. Throws Error(corrupt) for one longer than descriptor_bytes_max.
std::string read_descriptor_file(const ByteSourcePtr& file);

/// The descriptor of a file that is one or has one embedded; nothing for any other extent. Throws Error(corrupt |
/// unsupported).
std::optional<std::string> find_descriptor(const ByteSourcePtr& file);

}  // namespace varve::vmdk
