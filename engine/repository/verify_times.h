#pragma once
/// When this host last read each data pack whole to verify it. Kept outside the catalog, like known damage, so that it
/// outlives a rebuild. It only decides which packs a limited verify reads first. A plain value.

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "engine/base/random_id.h"
#include "engine/base/timestamp.h"

namespace varve {

struct VerifyTimes {
    std::map<PackId, TimeNs> packs;  ///< a pack that is not here was never verified

    /// 0: never.
    TimeNs of(const PackId& pack) const;
    /// Packs in `gone` no longer exist; those in `read` were verified at `now`, or just after all others if the clock
    /// shows less: the order is that of the runs, whatever the clock does.
    void replace(const std::set<PackId>& gone, const std::set<PackId>& read, TimeNs now);
    friend bool operator==(const VerifyTimes&, const VerifyTimes&) = default;
};

/// One line of text per pack: its id and the time.
std::string encode(const VerifyTimes& times);

/// Throws Error(corrupt) that names `object` and the line for anything but such a text.
VerifyTimes parse_verify_times(std::string_view text, const std::string& object);

}  // namespace varve
