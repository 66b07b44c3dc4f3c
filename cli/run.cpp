#include "cli/run.h"

#include <algorithm>
#include <utility>

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

ProgressOutput progress_output_of(const Arguments& arguments) {
    const std::string word = arguments.value("progress").value_or("auto");
    if (word == "auto") return ProgressOutput::bar;
    if (word == "json") return ProgressOutput::lines;
    if (word == "none") return ProgressOutput::none;
    throw Error(ErrorCode::usage, fmt::format("--progress needs auto, json or none, not '{}'", word));
}

crypt::Secret secret_in(const Arguments& arguments, const std::string& option) {
    const auto path = arguments.value(option);
    return path ? crypt::SecretFile::read(*path) : nullptr;
}

/// --progress json among words that are not parsed yet: what is wrong with them is then reported as JSON, too.
bool asks_for_lines(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i)
        if (words[i] == "--progress=json" ||
            (words[i] == "--progress" && i + 1 < words.size() && words[i + 1] == "json"))
            return true;
    return false;
}

ExitStatus print(Console& console, const std::string& text) {
    console.print(text);
    console.flush();
    return ExitStatus::done;
}

/// How many words the option that begins with `word` takes when it stands before the command; 0: it may not.
std::size_t words_of_common_option(const std::string& word) {
    for (const char* with_value : {"-r", "--repo", "--cache-dir", "--progress"})
        if (word == with_value) return 2;
    for (const char* joined : {"-r", "--repo=", "--cache-dir=", "--progress="})
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

bool asks_for_json(const std::vector<std::string>& words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    return std::find(words.begin(), end, "--json") != end;
}

ExitStatus run(const std::vector<std::string>& typed, Console& console, std::stop_token stop) {
    if (asks_for_lines(typed)) console.set_progress_output(ProgressOutput::lines);
    if (typed.empty()) throw Error(ErrorCode::usage, "a command is missing; `varve --help` lists them");
    const std::vector<std::string> words = with_command_first(typed);
    const std::string& first = words[0];
    if (first == "--help" || first == "-h" || (first == "help" && words.size() == 1))
        return print(console, program_help());
    if (first == "help") return print(console, verb_help(find_verb(words[1])));
    if (first == "--version" || first == "-V") return print(console, fmt::format("varve {}\n", VARVE_VERSION));
    const Verb& verb = find_verb(first);
    const Arguments arguments(verb.name, verb.syntax, {words.begin() + 1, words.end()});
    if (arguments.has("help")) return print(console, verb_help(verb));
    console.set_verbosity(verbosity_of(arguments));
    console.set_progress_output(progress_output_of(arguments));
    const ExitStatus status = verb.run({arguments, console, std::move(stop), secret_in(arguments, "secret-file"),
                                        secret_in(arguments, "target-secret-file")});
    console.flush();
    return status;
}

}  // namespace varve
