#pragma once
/// Why a snapshot stays.

#include <string_view>

namespace varve {

/// In the order in which people read them.
enum class KeepReason {
    last,
    hourly,
    daily,
    weekly,
    monthly,
    yearly,
    oldest,  ///< a rule asks for more than there is, and keeps the oldest one as well
    within,
    tag,
    hold,    ///< tagged hold_tag
    newest,  ///< a disk's latest backup, or the newest by its own time: no rule drops it
};

/// One word, for people and scripts.
std::string_view to_text(KeepReason reason);

}  // namespace varve
