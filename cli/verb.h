#pragma once
/// What one verb of the program is: its words for the help, its options, and the function that does it.

#include <stop_token>
#include <string_view>
#include <vector>

#include "cli/arguments.h"
#include "cli/exit_status.h"
#include "cli/terminal/console.h"

namespace varve {

/// One call of a verb.
struct Invocation {
    const Arguments& arguments;
    Console& console;
    std::stop_token stop;
};

struct Verb {
    std::string_view name;
    std::string_view operands;  ///< as the usage line shows them, e.g. "SOURCE..."
    std::string_view summary;   ///< for the list of verbs
    std::string_view details;   ///< full sentences for its own help
    std::string_view example;   ///< a command line
    Syntax syntax;
    /// Throws Error; only main.cpp turns that into an exit status.
    ExitStatus (*run)(const Invocation&);
    std::string_view alias = {};  ///< another name for it; empty: none
};

/// All verbs in the order of the help.
const std::vector<Verb>& all_verbs();

/// By name or alias. Throws Error(usage) with the nearest verb when there is none of this name.
const Verb& find_verb(std::string_view name);

}  // namespace varve
