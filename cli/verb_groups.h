#pragma once
/// All verbs, grouped as `varve help` lists them. A new verb is one line here.

#include <string_view>
#include <vector>

#include "cli/commands/verb.h"

namespace varve {

struct VerbGroup {
    std::string_view title;
    std::vector<Verb> verbs;
};

const std::vector<VerbGroup>& verb_groups();

/// By name or alias. Throws Error(usage), with the nearest verb, when no verb has this name.
const Verb& find_verb(std::string_view name);

}  // namespace varve
