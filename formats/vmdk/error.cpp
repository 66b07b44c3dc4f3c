#include "formats/vmdk/error.h"

#include <fmt/format.h>

namespace varve::vmdk {

Error corrupt(const std::string& place, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("{}: {}; the disk is damaged: copy it from its source again, or use an "
                             "older copy",
                             place, what));
}

Error unsupported(const std::string& place, std::string_view what) {
    return Error(ErrorCode::unsupported,
                 fmt::format("{}: {}, which this version of varve does not read; export the disk again in another way, "
                             "or copy it with VMware's own tools",
                             place, what));
}

}  // namespace varve::vmdk
