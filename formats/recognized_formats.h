#pragma once
/// Formats that varve does not read and refuses by name. A format that gets its own folder is removed from here.

#include "formats/base/format_descriptor.h"

namespace varve::recognized {

extern const FormatDescriptor qcow;
extern const FormatDescriptor qed;
extern const FormatDescriptor vpc;
extern const FormatDescriptor vhdx;
extern const FormatDescriptor parallels;
extern const FormatDescriptor cow;
extern const FormatDescriptor luks;
extern const FormatDescriptor lvm2;
extern const FormatDescriptor gzip;
extern const FormatDescriptor xz;
extern const FormatDescriptor zstd;
extern const FormatDescriptor bzip2;

}  // namespace varve::recognized
