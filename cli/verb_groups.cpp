#include "cli/verb_groups.h"

#include <string>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "engine/base/error.h"
#include "engine/naming/nearest_word.h"

namespace varve {

const std::vector<VerbGroup>& verb_groups() {
    static const std::vector<VerbGroup> groups{
        {"Backing up", {init_verb(), backup_verb()}},
        {"Restoring", {list_verb(), show_verb(), diff_verb(), restore_verb()}},
        {"Looking after a repository",
         {forget_verb(), prune_verb(), check_verb(), verify_verb(), repair_verb(), copy_verb(), stats_verb(),
          tag_verb(), rebuild_verb(), cache_verb()}},
        {"Working with disk images", {info_verb(), map_verb(), compare_verb(), convert_verb()}},
    };
    return groups;
}

const Verb& find_verb(std::string_view name) {
    std::vector<std::string> names;
    for (const VerbGroup& group : verb_groups()) {
        for (const Verb& verb : group.verbs) {
            if (verb.name == name || (!verb.alias.empty() && verb.alias == name)) return verb;
            names.emplace_back(verb.name);
            if (!verb.alias.empty()) names.emplace_back(verb.alias);
        }
    }
    const auto nearest = nearest_word(name, names);
    throw Error(ErrorCode::usage, fmt::format("unknown command '{}'{}; `varve --help` lists the commands", name,
                                              nearest ? fmt::format(", did you mean '{}'?", *nearest) : ""));
}

}  // namespace varve
