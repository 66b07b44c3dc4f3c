#include "engine/image/extent.h"

namespace varve {

std::string_view to_string(ExtentKind kind) {
    switch (kind) {
        case ExtentKind::unallocated:
            return "unallocated";
        case ExtentKind::zero:
            return "zero";
        case ExtentKind::data:
            return "data";
    }
    return "unknown";
}

}  // namespace varve
