#pragma once
/// One function per verb; each is in its cmd_*.cpp.

#include "cli/commands/verb.h"

namespace varve {

Verb backup_verb();
Verb compare_verb();
Verb convert_verb();
Verb diff_verb();
Verb info_verb();
Verb init_verb();
Verb list_verb();
Verb map_verb();
Verb rebuild_verb();
Verb restore_verb();
Verb show_verb();
Verb stats_verb();
Verb tag_verb();
Verb verify_verb();

/// All verbs in the order of the help.
const std::vector<Verb>& all_verbs();

/// By name or alias. Throws Error(usage) with the nearest verb when there is none of this name.
const Verb& find_verb(std::string_view name);

}  // namespace varve
