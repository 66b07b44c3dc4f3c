#pragma once
/// The name that a user gives to a disk, e.g. `web01/vda`: 1–200 bytes of UTF-8, parts joined by '/', none of them
/// empty, '.' or '..'; no '@', no control character, no leading '-', no leading or trailing space. Pure functions.

#include <optional>
#include <string>
#include <string_view>

namespace varve {

inline constexpr std::size_t disk_name_bytes_max = 200;

/// What is wrong with `name` as a disk name, to continue "the disk name '…' "; nullopt when nothing is.
std::optional<std::string> disk_name_fault(std::string_view name);

/// Throws Error(usage) when `name` is not a valid disk name.
void check_disk_name(std::string_view name);

}  // namespace varve
