#pragma once
/// One verb of the program: its text for the help, its options, and the function that runs it.

#include <string_view>

#include "cli/commands/exit_status.h"
#include "cli/options/arguments.h"
#include "cli/options/invocation.h"

namespace varve {

struct Verb {
    std::string_view name;
    std::string_view operands;  ///< as the usage line shows them, e.g. "SOURCE..."
    std::string_view summary;   ///< for the list of verbs
    std::string_view details;   ///< full sentences for its own help
    std::string_view example;   ///< a command line
    Syntax syntax;
    /// Throws Error; only main.cpp turns that into an exit status.
    ExitStatus (*run)(const Invocation&);
    std::string_view alias = {};  ///< another name for it; may be empty
};

}  // namespace varve
