#include "formats/base/image_error.h"

#include <fmt/format.h>

namespace varve {

Error corrupt_image(const ByteSource& source, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("'{}': {}; the image is damaged, 'qemu-img check' may show details", source.name(), what));
}

Error unsupported_image(const ByteSource& source, std::string_view feature) {
    return Error(ErrorCode::unsupported, fmt::format("'{}' uses {}, which this version of varve does not read; "
                                                     "convert it with 'qemu-img convert -O qcow2' and use the copy",
                                                     source.name(), feature));
}

}  // namespace varve
