#pragma once
/// One function per verb; each is in its cmd_*.cpp.

#include "cli/commands/verb.h"

namespace varve {

Verb backup_verb();
Verb cache_verb();
Verb check_verb();
Verb compare_verb();
Verb convert_verb();
Verb copy_verb();
Verb diff_verb();
Verb forget_verb();
Verb info_verb();
Verb init_verb();
Verb list_verb();
Verb map_verb();
Verb prune_verb();
Verb rebuild_verb();
Verb repair_verb();
Verb restore_verb();
Verb show_verb();
Verb stats_verb();
Verb tag_verb();
Verb verify_verb();

}  // namespace varve
