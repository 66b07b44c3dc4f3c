#pragma once
/// A format for tests, smaller than any real one: "TOY1" and the disk's bytes. It is read and written.

#include "formats/base/format_descriptor.h"

namespace varve::toy {

const FormatDescriptor& descriptor();

}  // namespace varve::toy
