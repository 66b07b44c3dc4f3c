#pragma once
/// Recognises image formats by their magic numbers, including those that varve does not read, so that a refusal can
/// name them. Source: the public specification of each format.

#include "formats/base/format_list.h"

namespace varve {

/// The format in `formats` that claims `source`, by its magic in the first 4 KiB, otherwise by what else it examines;
/// null if none does.
const FormatDescriptor* probe_format(const ByteSource& source, const FormatList& formats);

}  // namespace varve
