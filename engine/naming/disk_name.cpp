#include "engine/naming/disk_name.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

/// C0 controls, DEL, and C1 controls (U+0080–U+009F, in UTF-8 0xc2 and 0x80–0x9f).
bool has_control_character(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto byte = static_cast<unsigned char>(name[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xa0) return true;
    }
    return false;
}

std::optional<std::string> part_fault(std::string_view part) {
    if (part.empty()) return "has an empty part: parts are joined by single '/'";
    if (part == "." || part == "..") return fmt::format("has '{}' as a part", part);
    return std::nullopt;
}

}  // namespace

std::optional<std::string> disk_name_fault(std::string_view name) {
    if (name.empty()) return "is empty";
    if (name.size() > disk_name_bytes_max)
        return fmt::format("has {} bytes, at most {} are allowed", name.size(), disk_name_bytes_max);
    if (!is_valid_utf8(name)) return "is not valid UTF-8";
    if (has_control_character(name)) return "contains a control character";
    if (name.find('@') != name.npos) return "contains '@', which separates a disk from a snapshot";
    if (name.front() == '-') return "begins with '-'";
    if (name.front() == ' ' || name.back() == ' ') return "begins or ends with a space";
    for (std::size_t begin = 0; begin <= name.size();) {
        const std::size_t end = std::min(name.find('/', begin), name.size());
        if (auto fault = part_fault(name.substr(begin, end - begin))) return fault;
        begin = end + 1;
    }
    return std::nullopt;
}

void check_disk_name(std::string_view name) {
    if (const auto fault = disk_name_fault(name))
        throw Error(ErrorCode::usage, fmt::format("the disk name '{}' {}", name, *fault));
}

}  // namespace varve
