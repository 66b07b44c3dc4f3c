#include "engine/retention/keep_reason.h"

#include "engine/base/check.h"

namespace varve {

std::string_view to_text(KeepReason reason) {
    switch (reason) {
        case KeepReason::last:
            return "last";
        case KeepReason::hourly:
            return "hourly";
        case KeepReason::daily:
            return "daily";
        case KeepReason::weekly:
            return "weekly";
        case KeepReason::monthly:
            return "monthly";
        case KeepReason::yearly:
            return "yearly";
        case KeepReason::oldest:
            return "oldest";
        case KeepReason::within:
            return "within";
        case KeepReason::tag:
            return "tag";
        case KeepReason::hold:
            return "hold";
        case KeepReason::newest:
            return "newest";
    }
    VARVE_CHECK(false);
    return "";
}

}  // namespace varve
