#pragma once
/// The texts of `varve --help` and `varve VERB --help`.

#include <string>

#include "cli/commands/verb.h"

namespace varve {

std::string program_help();
std::string verb_help(const Verb& verb);

}  // namespace varve
