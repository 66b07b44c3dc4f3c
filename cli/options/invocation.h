#pragma once
/// One call of a command: its arguments, where it prints, and the request to stop.

#include <stop_token>

#include "cli/options/arguments.h"
#include "cli/terminal/console.h"
#include "formats/crypt/secret_file.h"

namespace varve {

struct Invocation {
    const Arguments& arguments;
    Console& console;
    std::stop_token stop;
    crypt::Secret secret = {};         ///< --secret-file, read once; null: not given
    crypt::Secret target_secret = {};  ///< --target-secret-file
};

}  // namespace varve
