#pragma once
/// Shares as a user types them. Pure functions.

#include <string_view>

namespace varve {

/// "5%", "0.25%", "100%": digits, up to three decimal places, the sign. More than 0 and at most 100. Returns the share
/// from 0 to 1. Throws Error(usage) that names `option` for anything else.
double parse_percentage(std::string_view text, std::string_view option);

}  // namespace varve
