#pragma once
/// A format as the user types it: qemu-img's word for it, or the extension of its files, as in "vhd" for vpc.

#include <optional>
#include <string>

#include "cli/options/arguments.h"

namespace varve {

/// The format that `option` names, in qemu-img's word. A word that stands for none is returned as typed, to be refused
/// where the formats that count are known.
std::optional<std::string> format_word(const Arguments& arguments, const std::string& option);

}  // namespace varve
