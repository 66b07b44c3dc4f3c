#pragma once
/// Snapshots as a catalog lists them, for tests of what is decided about histories.

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "engine/repository/catalog.h"

namespace varve::fakes {

/// An id that is unique per commit and position.
inline ListedSnapshot listed_snapshot(const std::string& disk, LogNumber commit, TimeNs time,
                                      std::map<std::string, std::string> tags = {}, std::uint32_t position = 0) {
    ListedSnapshot s;
    for (std::size_t i = 0; i < 8; ++i) s.record.id.bytes[i] = static_cast<std::byte>(commit >> (8 * i));
    s.record.id.bytes[8] = static_cast<std::byte>(position + 1);
    s.record.disk = disk;
    s.record.time = time;
    s.record.tags = std::move(tags);
    s.commit = commit;
    s.position = position;
    return s;
}

inline void sort_as_catalog(std::vector<ListedSnapshot>& snapshots) {
    std::ranges::sort(snapshots, {}, [](const ListedSnapshot& s) {
        return std::tuple(s.record.disk, s.record.time, s.commit, s.position);
    });
}

}  // namespace varve::fakes
