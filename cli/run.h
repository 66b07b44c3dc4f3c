#pragma once
/// The whole program but for signals and exit statuses: finds the verb, parses its words, runs it.

#include <stop_token>
#include <string>
#include <vector>

#include "cli/commands/exit_status.h"

namespace varve {

/// `words` are the program's arguments without its own name. Throws Error.
ExitStatus run(const std::vector<std::string>& words, std::stop_token stop);

}  // namespace varve
