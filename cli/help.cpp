#include "cli/help.h"

#include <fmt/format.h>

#include "cli/verb_groups.h"

namespace varve {

std::string program_help() {
    std::string out =
        "varve backs up the disks of virtual machines every night and restores any night.\n\n"
        "Usage: varve [-r REPO] COMMAND [OPTION...]\n";
    for (const VerbGroup& group : verb_groups()) {
        out += fmt::format("\n{}:\n", group.title);
        for (const Verb& verb : group.verbs)
            out += fmt::format("  {:<8} {}{}\n", verb.name, verb.summary,
                               verb.alias.empty() ? "" : fmt::format(" (also: varve {})", verb.alias));
    }
    out +=
        "\n`varve COMMAND --help` explains a command and shows an example; `varve -V` prints the version.\n\n"
        "A snapshot is named by DISK@latest (what the last backup of the disk itself read), DISK@~1 (one before it,\n"
        "in the order of the backups), DISK@2026-11-20, DISK@2026-11-20T02:30, DISK@yesterday or DISK@2d (the newest\n"
        "not after that time), or by its id or the first digits of it.\n\n"
        "Exit status: 0 done; 1 failed, nothing half-done is left; 2 wrong usage; 3 damage or a difference was found;\n"
        "130 and 143 after SIGINT and SIGTERM.\n";
    return out;
}

std::string verb_help(const Verb& verb) {
    const std::string also = verb.alias.empty() ? "" : fmt::format("   or: varve {} ...\n", verb.alias);
    return fmt::format("Usage: varve {}{}{} [OPTION...]\n{}\n{}\n\nOptions:\n{}\nExample:\n  {}\n", verb.name,
                       verb.operands.empty() ? "" : " ", verb.operands, also, verb.details,
                       describe_options(verb.syntax), verb.example);
}

}  // namespace varve
