#include "cli/help.h"

#include <fmt/format.h>

namespace varve {

std::string program_help() {
    std::string out =
        "varve keeps one thin layer per night of every VM disk, and gives back any night.\n\n"
        "Usage: varve VERB [OPTION...]\n\n";
    for (const Verb& verb : all_verbs())
        out += fmt::format("  {:<8} {}{}\n", verb.name, verb.summary,
                           verb.alias.empty() ? "" : fmt::format(" (also: varve {})", verb.alias));
    out +=
        "\n`varve VERB --help` shows each with an example; `varve --version` tells the version.\n\n"
        "A snapshot is DISK@latest, DISK@~1 (one before it), DISK@2026-11-20 or DISK@2026-11-20T02:30 (the newest not\n"
        "after it), or an id or its first digits.\n\n"
        "Exit status: 0 done; 1 failed, nothing half-done left; 2 wrong usage; 3 found damage or the difference asked\n"
        "for; 130 and 143 after SIGINT and SIGTERM.\n";
    return out;
}

std::string verb_help(const Verb& verb) {
    const std::string also = verb.alias.empty() ? "" : fmt::format("   or: varve {} ...\n", verb.alias);
    return fmt::format("Usage: varve {}{}{} [OPTION...]\n{}\n{}\n\nOptions:\n{}\nExample:\n  {}\n", verb.name,
                       verb.operands.empty() ? "" : " ", verb.operands, also, verb.details,
                       describe_options(verb.syntax), verb.example);
}

}  // namespace varve
