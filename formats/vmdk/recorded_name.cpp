#include "formats/vmdk/parent_name.h"

#include <algorithm>

#include "engine/base/ascii.h"

namespace varve::vmdk {
namespace {

bool has_drive(const std::string& name) {
    return name.size() > 2 && is_ascii_letter(name[0]) && name[1] == ':' && (name[2] == '\\' || name[2] == '/');
}

std::string last_part(const std::string& name) { return name.substr(name.rfind('/') + 1); }

}  // namespace

std::vector<std::string> parent_names(const std::string& hint) {
    const bool is_windows = has_drive(hint) || hint.find('/') == std::string::npos;
    std::string name = hint;
    if (is_windows) std::replace(name.begin(), name.end(), '\\', '/');
    std::vector<std::string> names;
    const bool is_share = is_windows && name.starts_with("//");
    if (!has_drive(hint) && !is_share) names.push_back(name);
    const bool is_absolute = has_drive(hint) || name.starts_with('/');
    if (const std::string last = last_part(name); is_absolute && !last.empty()) names.push_back(last);
    if (names.empty()) names.push_back(hint);
    return names;
}

}  // namespace varve::vmdk
