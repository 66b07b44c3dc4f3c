#include "engine/repository/wanted_tag.h"

namespace varve {

bool WantedTag::fits(const std::map<std::string, std::string>& tags) const {
    const auto found = tags.find(name);
    return found != tags.end() && (!value || *value == found->second);
}

}  // namespace varve
