#pragma once
/// The extensions after the fixed fields of a qcow2 header. Source: qemu docs/interop/qcow2.txt, "Header extensions".

#include <optional>
#include <string>
#include <vector>

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
    std::optional<ByteRange> luks;  ///< the LUKS header with its key material
    std::optional<BitmapsExtension> bitmaps;
    FeatureNames feature_names;
    /// What is damaged in extensions that no guest byte depends on; such extensions are left out.
    std::vector<std::string> problems;
};

/// The extensions that the disk cannot be read without.
struct NeededExtensions {
    bool backing_format = false;  ///< the image has a backing file
    bool data_file = false;       ///< guest data is in a file of its own
    bool luks = false;            ///< the image is encrypted by LUKS
};

/// Parses the extensions in `area`, which begins at file offset `begin`; unknown types are skipped. An extension that
/// leaves the area, and with it all after it, appears twice or has a wrong length is left out and a problem. Throws
/// Error(corrupt) when one that is needed is damaged, or may be among those left out.
Extensions parse_extensions(const ByteSource& file, ByteView area, ByteOffset begin, NeededExtensions needed);

/// The list of extensions with its end marker. Only `backing_format` and `luks` can be set in a new image.
Bytes encode_extensions(const Extensions& extensions);

}  // namespace varve::qcow2
