#include "formats/appliance/error.h"

#include <fmt/format.h>

namespace varve::appliance {

Error corrupt(const std::string& where, std::string_view what) {
    return Error(ErrorCode::corrupt, fmt::format("{}: {}; the package is damaged: export it again", where, what));
}

Error refused(const std::string& where, std::string_view what) {
    return Error(ErrorCode::refused, fmt::format("{}: {}", where, what));
}

}  // namespace varve::appliance
