#include "formats/base/foreign_name.h"

#include <algorithm>

#include "engine/base/ascii.h"

namespace varve {
namespace {

bool has_drive(const std::string& name) {
    return name.size() > 2 && is_ascii_letter(name[0]) && name[1] == ':' && (name[2] == '\\' || name[2] == '/');
}

bool has_datastore(const std::string& name) { return name.starts_with('[') && name.find("] ") != std::string::npos; }

std::string last_part(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    if (slash != std::string::npos) return name.substr(slash + 1);
    return has_datastore(name) ? name.substr(name.find("] ") + 2) : name;
}

}  // namespace

std::vector<std::string> names_here(const std::string& recorded) {
    const bool is_windows = has_drive(recorded) || recorded.find('/') == std::string::npos;
    std::string name = recorded;
    if (is_windows) std::replace(name.begin(), name.end(), '\\', '/');
    std::vector<std::string> names;
    const bool is_share = is_windows && name.starts_with("//");
    if (!has_drive(recorded) && !is_share) names.push_back(name);
    const bool is_absolute = has_drive(recorded) || has_datastore(recorded) || name.starts_with('/');
    if (const std::string last = last_part(name); is_absolute && !last.empty()) names.push_back(last);
    if (names.empty()) names.push_back(recorded);
    return names;
}

}  // namespace varve
