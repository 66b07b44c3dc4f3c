#pragma once
/// A tag to select snapshots by. A plain value.

#include <map>
#include <optional>
#include <string>

namespace varve {

struct WantedTag {
    std::string name;
    std::optional<std::string> value;  ///< none: any

    bool fits(const std::map<std::string, std::string>& tags) const;
    friend bool operator==(const WantedTag&, const WantedTag&) = default;
};

}  // namespace varve
