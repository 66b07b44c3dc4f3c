#pragma once
/// The states of a disk in a descriptor: the current one and those that snapshots keep. Each is based on its parent.
/// Pure.

#include <optional>
#include <string>
#include <vector>

#include "formats/parallels/disk_descriptor.h"

namespace varve::parallels {

/// The GUIDs of `state` and of all that it is based on, itself first. Throws Error(corrupt) for a state that is not
/// there, or is based on itself; Error(refused) for more than 256.
std::vector<Uuid> states_beneath(const DiskDescriptor& disk, const Uuid& state, const std::string& where);

/// The state that `selector` means: its GUID in any spelling, with or without "id:" before it; without a selector the
/// current one. Throws Error(not_found), which lists those that exist.
Uuid select_state(const DiskDescriptor& disk, const std::optional<std::string>& selector, const std::string& where);

}  // namespace varve::parallels
