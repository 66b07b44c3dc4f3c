#pragma once
/// Recognizes image formats by their magic numbers, also those that varve does not read, so that a refusal can name
/// them. Source: the public specification of each format.

#include "formats/base/format_list.h"

namespace varve {

/// The format in `formats` that claims `source`, first by its magic in the first 4 KiB, then by what else it looks at;
/// null when none does.
const FormatDescriptor* probe_format(const ByteSource& source, const FormatList& formats);

}  // namespace varve
