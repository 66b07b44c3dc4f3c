#include "cli/verb.h"

#include <string>

#include <fmt/format.h>

#include "cli/nearest_word.h"
#include "cli/verbs.h"
#include "engine/base/error.h"

namespace varve {

const std::vector<Verb>& all_verbs() {
    static const std::vector<Verb> verbs{init_verb(), backup_verb(),  list_verb(),    show_verb(),   restore_verb(),
                                         diff_verb(), verify_verb(),  tag_verb(),     stats_verb(),  info_verb(),
                                         map_verb(),  compare_verb(), convert_verb(), rebuild_verb()};
    return verbs;
}

const Verb& find_verb(std::string_view name) {
    std::vector<std::string> names;
    for (const Verb& verb : all_verbs()) {
        if (verb.name == name || (!verb.alias.empty() && verb.alias == name)) return verb;
        names.emplace_back(verb.name);
        if (!verb.alias.empty()) names.emplace_back(verb.alias);
    }
    const auto nearest = nearest_word(name, names);
    throw Error(ErrorCode::usage, fmt::format("unknown verb '{}'{}; `varve --help` lists the verbs", name,
                                              nearest ? fmt::format(", did you mean '{}'?", *nearest) : ""));
}

}  // namespace varve
