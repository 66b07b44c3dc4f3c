#pragma once
/// One call of a command: its arguments, where it prints, and the request to stop.

#include <stop_token>

#include "cli/options/arguments.h"
#include "cli/terminal/console.h"

namespace varve {

struct Invocation {
    const Arguments& arguments;
    Console& console;
    std::stop_token stop;
};

}  // namespace varve
