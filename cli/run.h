#pragma once
/// The whole program but for signals and exit statuses: finds the verb, parses its words, runs it.

#include <stop_token>
#include <string>
#include <vector>

#include "cli/commands/exit_status.h"
#include "cli/terminal/console.h"

namespace varve {

/// `words` are the program's arguments without its own name. Throws Error.
ExitStatus run(const std::vector<std::string>& words, Console& console, std::stop_token stop);

/// Whether `words`, which may be wrong usage, contain --json.
bool asks_for_json(const std::vector<std::string>& words);

}  // namespace varve
