#include "cli/run.h"

#include <algorithm>

#include <fmt/format.h>

#include "cli/help.h"
#include "cli/verb_groups.h"
#include "engine/base/error.h"

namespace varve {
namespace {

Verbosity verbosity_of(const Arguments& arguments) {
    if (arguments.has("quiet") || arguments.has("json")) return Verbosity::quiet;
    return arguments.has("verbose") ? Verbosity::verbose : Verbosity::normal;
}

ExitStatus print(const std::string& text) {
    Console console(Verbosity::normal);
    console.print(text);
    console.flush();
    return ExitStatus::done;
}

/// How many words the option that begins with `word` takes when it stands before the command; 0: it may not.
std::size_t words_of_common_option(const std::string& word) {
    for (const char* with_value : {"-r", "--repo", "--cache-dir"})
        if (word == with_value) return 2;
    for (const char* joined : {"-r", "--repo=", "--cache-dir="})
        if (word.starts_with(joined)) return 1;
    for (const char* alone : {"-q", "--quiet", "-v", "--verbose", "--json"})
        if (word == alone) return 1;
    return 0;
}

/// `varve -r REPO list` as `varve list -r REPO`: the options that every command has may come before it.
std::vector<std::string> with_command_first(std::vector<std::string> words) {
    for (const char* alone : {"-h", "--help", "-V", "--version"})
        if (words[0] == alone) return words;
    std::size_t command = 0;
    while (command < words.size() && words[command].starts_with('-')) {
        const std::size_t count = words_of_common_option(words[command]);
        if (count == 0)
            throw Error(ErrorCode::usage,
                        fmt::format("the command comes first: varve COMMAND {} ...; `varve --help` lists the commands",
                                    words[command]));
        command += count;
    }
    if (command >= words.size())
        throw Error(ErrorCode::usage,
                    fmt::format("a command is missing after '{}'; `varve --help` lists them", words.back()));
    std::rotate(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(command),
                words.begin() + static_cast<std::ptrdiff_t>(command) + 1);
    return words;
}

}  // namespace

ExitStatus run(const std::vector<std::string>& typed, std::stop_token stop) {
    if (typed.empty()) throw Error(ErrorCode::usage, "a command is missing; `varve --help` lists them");
    const std::vector<std::string> words = with_command_first(typed);
    const std::string& first = words[0];
    if (first == "--help" || first == "-h" || (first == "help" && words.size() == 1)) return print(program_help());
    if (first == "help") return print(verb_help(find_verb(words[1])));
    if (first == "--version" || first == "-V") return print(fmt::format("varve {}\n", VARVE_VERSION));
    const Verb& verb = find_verb(first);
    const Arguments arguments(verb.name, verb.syntax, {words.begin() + 1, words.end()});
    if (arguments.has("help")) return print(verb_help(verb));
    Console console(verbosity_of(arguments));
    const ExitStatus status = verb.run({arguments, console, stop});
    console.flush();
    return status;
}

}  // namespace varve
