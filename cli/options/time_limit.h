#pragma once
/// `--max-seconds N`: after so many seconds a command begins no more of its work.

#include <chrono>
#include <optional>
#include <string>

#include "cli/options/arguments.h"

namespace varve {

/// `help` is one line that states what no longer begins then.
OptionSpec time_limit_spec(std::string help);

/// The moment, from now on; nullopt without the option. Throws Error(usage) for anything but 0 to a year of seconds.
std::optional<std::chrono::steady_clock::time_point> time_limit(const Arguments& arguments);

}  // namespace varve
