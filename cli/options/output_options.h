#pragma once
/// The option -o of verbs that write an image: creation options in qemu-img's words.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.h"

namespace varve {

/// -o, repeatable, with the words of every format in its help.
OptionSpec output_option_spec();

/// The values of -o, each WORD=VALUE[,WORD=VALUE...], as one map; ",," is a comma in a value, as in qemu. Throws
/// Error(usage) for text that is no such list or not UTF-8, and for a word said twice with different values. Which
/// words there are is for the format to say.
std::map<std::string, std::string> parse_output_options(const std::vector<std::string>& texts);

/// The options of an image of `format` whose disk was backed up from one of `recorded_format` with options `recorded`:
/// what the user `said`, and, in the same format, what the source was like where that leaves it open. Files that the
/// source named are never taken over: what is restored is one whole image. Throws Error(usage) when `said` is wrong.
std::map<std::string, std::string> options_for_target(const std::map<std::string, std::string>& said,
                                                      std::string_view format,
                                                      const std::map<std::string, std::string>& recorded,
                                                      std::string_view recorded_format);

}  // namespace varve
