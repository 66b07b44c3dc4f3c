#pragma once
/// The extensions behind the fixed fields of a qcow2 header. Source: qemu docs/interop/qcow2.txt, "Header extensions".

#include <map>
#include <optional>
#include <string>

#include "engine/base/file.h"

namespace varve::qcow2 {

/// Where the directory of persistent bitmaps lies.
struct BitmapsExtension {
    std::uint32_t count = 0;
    ByteRange directory;
};

/// A feature bit, as the feature name table addresses it.
struct FeatureBit {
    enum class Kind : std::uint8_t { incompatible = 0, compatible = 1, autoclear = 2 };
    Kind kind = Kind::incompatible;
    std::uint8_t bit = 0;
    friend auto operator<=>(const FeatureBit&, const FeatureBit&) = default;
};

struct Extensions {
    std::optional<std::string> backing_format;
    std::optional<std::string> data_file;
    std::optional<BitmapsExtension> bitmaps;
    std::map<FeatureBit, std::string> feature_names;  ///< the image's own names, untrusted text
};

/// Parses the extensions in `area`, which begins at file offset `begin`; unknown types are skipped. Throws
/// Error(corrupt) for one that leaves the area, comes twice or has a wrong length.
Extensions parse_extensions(const File& file, ByteView area, ByteOffset begin);

}  // namespace varve::qcow2
