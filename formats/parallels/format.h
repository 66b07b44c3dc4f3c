#pragma once
/// The format's line in formats/registry.cpp.

#include "formats/base/format_descriptor.h"

namespace varve::parallels {

const FormatDescriptor& descriptor();

}  // namespace varve::parallels
