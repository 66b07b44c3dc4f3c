#include "cli/run.h"

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

}  // namespace

ExitStatus run(const std::vector<std::string>& words, std::stop_token stop) {
    if (words.empty()) throw Error(ErrorCode::usage, "a command is missing; `varve --help` lists them");
    const std::string& first = words[0];
    if (first == "--help" || first == "-h" || (first == "help" && words.size() == 1)) return print(program_help());
    if (first == "help") return print(verb_help(find_verb(words[1])));
    if (first == "--version") return print(fmt::format("varve {}\n", VARVE_VERSION));
    if (first.starts_with('-'))
        throw Error(
            ErrorCode::usage,
            fmt::format("the command comes first: varve COMMAND {} ...; `varve --help` lists the commands", first));

    const Verb& verb = find_verb(first);
    const Arguments arguments(verb.name, verb.syntax, {words.begin() + 1, words.end()});
    if (arguments.has("help")) return print(verb_help(verb));
    Console console(verbosity_of(arguments));
    const ExitStatus status = verb.run({arguments, console, stop});
    console.flush();
    return status;
}

}  // namespace varve
