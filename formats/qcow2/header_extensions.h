#pragma once
/// The extensions after the fixed fields of a qcow2 header. Source: qemu docs/interop/qcow2.txt, "Header extensions".

#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "formats/base/byte_source.h"
#include "formats/qcow2/features.h"

namespace varve::qcow2 {

/// Where the directory of persistent bitmaps is.
struct BitmapsExtension {
    std::uint32_t count = 0;
    ByteRange directory;
};

struct Extensions {
    std::optional<std::string> backing_format;
    std::optional<std::string> data_file;
    std::optional<BitmapsExtension> bitmaps;
    FeatureNames feature_names;
};

/// Parses the extensions in `area`, which begins at file offset `begin`; unknown types are skipped. Throws
/// Error(corrupt) for an extension that leaves the area, appears twice or has a wrong length.
Extensions parse_extensions(const ByteSource& file, ByteView area, ByteOffset begin);

/// The list of extensions with its end marker. Only `backing_format` can be set in a new image.
Bytes encode_extensions(const Extensions& extensions);

}  // namespace varve::qcow2
