#pragma once
/// Object names of packs: packs/xx/<32 hex>, xx being the first two digits.

#include <optional>
#include <string>
#include <string_view>

#include "engine/base/random_id.h"

namespace varve {

inline constexpr std::string_view packs_prefix = "packs/";

std::string pack_name(const PackId& id);

/// The pack with this object name, or nullopt if it is not the name of a pack.
std::optional<PackId> pack_of_name(std::string_view name);

}  // namespace varve
