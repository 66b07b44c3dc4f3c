#pragma once
/// The option -o of commands that write an image: creation options, named as in qemu-img.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options/arguments.h"

namespace varve {

/// -o, repeatable, whose help lists the options of every format, and -c.
std::vector<OptionSpec> output_option_specs();

/// What -o and -c ask for: parse_output_options() with compress=on for -c. Throws Error(usage), also when they
/// contradict each other.
std::map<std::string, std::string> output_options(const Arguments& arguments);

/// -n, for a verb that writes: it checks all that it can and writes nothing. `what` is the verb.
OptionSpec dry_run_spec(std::string_view what);

/// --zero-rest, of commands that can write to a device.
OptionSpec zero_rest_spec();

/// The values of -o, each WORD=VALUE[,WORD=VALUE...], as one map; ",," is a comma in a value, as in qemu. Throws
/// Error(usage) for text that is not such a list or not UTF-8, and for a word with two different values. The format
/// decides which words are valid.
std::map<std::string, std::string> parse_output_options(const std::vector<std::string>& texts);

/// The options of an image of `format` whose disk was backed up from one of `recorded_format` with options `recorded`:
/// those that the user `typed` and, in the same format, those of the source for everything else. References to other
/// files are never taken over: a restored image is self-contained. Throws Error(usage) when `typed` is invalid.
std::map<std::string, std::string> options_for_target(const std::map<std::string, std::string>& typed,
                                                      std::string_view format,
                                                      const std::map<std::string, std::string>& recorded,
                                                      std::string_view recorded_format);

}  // namespace varve
