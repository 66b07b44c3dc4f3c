#pragma once
/// A raw disk in pieces: disk.000, disk.001 and so on, or from disk.001 on, as `split -d -a3` and forensic tools leave
/// it. The pieces may have any lengths; only their names show that they belong together. Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

/// The names of the pieces after the one called `first`, in order, chosen from `beside`, the names in its folder. None
/// unless `first` is a .000 or .001 and others of its name follow. Throws Error(refused) if a piece between two others
/// is missing, and if `first` is a later piece.
std::vector<std::string> pieces_after(std::string_view first, const std::vector<std::string>& beside);

}  // namespace varve
