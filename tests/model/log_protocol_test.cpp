#include <array>
#include <cstddef>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/model/explorer.h"
#include "tests/model/rules.h"
#include "tests/model/scenario.h"
#include "tests/support/choices.h"

namespace varve::model {
namespace {

/// A rule, a scenario that needs it, and what goes wrong there without it.
struct Need {
    Rule rule;
    const char* sentence;
    const char* scenario;
    const char* broken;
};

constexpr std::array needs = {
    Need{Rule::durable_before_entry, "[R0] packs are durable before an entry names them",  //
         "writer and pruner", "names pack 10, which does not exist"},
    Need{Rule::recheck_hits, "[R1] hits are checked again after a lost race",  //
         "writer and pruner", "was dropped"},
    Need{Rule::follow_hits_to_the_end, "[R1a] a hit is followed through all move tables",  //
         "hits in moved packs", "was dropped"},
    Need{Rule::condemned_is_no_hit, "[R1b] a chunk that a move dropped is not a hit, though its pack still exists",
         "writer and pruner", "was dropped"},
    Need{Rule::recheck_own_packs, "[R2] own packs are checked again after a lost race",  //
         "writer and pruner", "which is gone"},
    Need{Rule::condemned_in_any_role, "[R2a] an adopted pack may be condemned as another's, not as an orphan",
         "pack of a running writer adopted", "which is gone"},
    Need{Rule::moves_name_packs_too, "[R2b] a condemned pack is not an orphan to adopt",  //
         "orphan adopted while two pruners run", "which is gone"},
    Need{Rule::walk_if_parent_is_gone, "[R3] the map is walked if the parent is forgotten",  //
         "writer, forgetter and pruner", "was dropped"},
    Need{Rule::walk_after_every_entry, "[R3a] the map is walked again after each later entry",  //
         "writer, forgetter and pruner", "was dropped"},
    Need{Rule::parent_is_live, "[R3b] nothing is inherited from a parent that was forgotten before",  //
         "writer, forgetter and pruner", "was dropped"},
    Need{Rule::parent_as_committed, "[R3c] a parent that was copied again is another one",  //
         "parent copied again", "was dropped"},
    Need{Rule::recognise_own_entry, "[R4] one's own entry is recognised after a lost reply",  //
         "lost replies", "is committed twice"},
    Need{Rule::recognise_after_every_refusal, "[R4a] one's own entry is recognised after a refusal",  //
         "late requests", "is committed twice"},
    Need{Rule::fresh_pack_ids, "[R5] pack ids are never used again",  //
         "writer and pruner", "which is gone"},
    Need{Rule::recheck_plan, "[R6] a pruner that lost the race leaves what is needed now",  //
         "writer and pruner", "was dropped"},
    Need{Rule::start_over_after_move, "[R6a] a pruner's copies may have been condemned as orphans",
         "two pruners and a hit on a dead chunk", "which is gone"},
    Need{Rule::mark_each_commit, "[R6b] a snapshot that was copied again needs other packs",  //
         "marked snapshot copied again", "was dropped"},
    Need{Rule::enter_before_delete, "[R7] a pack is deleted only after its move is entered",  //
         "writer and pruner", "which is gone"},
    Need{Rule::read_log_again, "[R8] a reader that misses a pack reads the log again",
         "reader, two forgetters and two pruners", "reports loss"},
    Need{Rule::miss_twice_is_no_loss, "[R8a] a reader reads the log again as often as it takes",
         "reader, two forgetters and two pruners", "reports loss"},
    Need{Rule::read_log_by_number, "[R8b] a reader does not trust a list of the log",
         "reader, two forgetters and two pruners", "reports loss"},
    Need{Rule::bases_must_resolve, "[R9] a patch resolves only if its base does",  //
         "patches", "is a patch of"},
    Need{Rule::ask_heirs, "[R10] a pruner asks the heirs of forgotten snapshots",  //
         "line of parents", "was dropped"},
    Need{Rule::sync_adopted, "[R11] an adopted pack is synced before it is named",  //
         "power cuts under writers", "after a power cut"},
    Need{Rule::sync_before_delete, "[R11a] the log is synced before a pack is deleted that another condemned",  //
         "power cuts under pruners", "after a power cut"},
    Need{Rule::sync_recognised_entry, "[R11b] one's own entry found after a doubt is synced before it is reported",
         "power cuts under writers", "is reported as entered, and is not durable"},
    Need{Rule::rules_choose_again, "[R12] a forgetter by rules that lost the race chooses again",  //
         "forgetters and a tagger", "the newest"},
    Need{Rule::names_choose_again, "[R12a] a forgetter by name that lost the race looks for a hold",  //
         "forgetters and a tagger", "which is on hold"},
    Need{Rule::check_copies, "[R13] copies are checked against their ids",  //
         "healers and a pruner", "is another chunk"},
    Need{Rule::keep_unreadable, "[R13a] a pack stays while something in it can be had nowhere",  //
         "healers and a pruner", "was dropped"},
    Need{Rule::damaged_is_no_hit, "[R14] what is damaged is neither hit nor inherited",  //
         "healer and writers", "known as damaged"},
    Need{Rule::repeat_moves, "[R15] the moves in a condemned table are repeated",  //
         "tables that are merged", "by a host that reads the log only now"},
    Need{Rule::repeat_moves_of_dead, "[R15a] so are those that no live snapshot needs",  //
         "tables that are merged", "by a host that reads the log only now"},
    Need{Rule::tables_stay, "[R15b] if a pack stays, so does every table",  //
         "merge that must leave a pack", "a host that reads the log only now"},
    Need{Rule::leases_prove_nothing, "[R16] a writer checks its packs again though it has a lease",  //
         "leases, one misjudged", "which is gone"},
    Need{Rule::leases_after_list, "[R16a] leases are looked at after the packs are listed",  //
         "leases, none misjudged", "which holds a lease"},
    Need{Rule::condemn_orphans_first, "[R16b] an orphan is condemned before it is deleted",  //
         "leases, one misjudged", "which is gone"},
    Need{Rule::copy_once, "[R17] what another program has copied is not committed again",  //
         "two copiers of one snapshot", "is committed twice"},
    Need{Rule::log_before_checkpoint, "[R18] the log is durable up to a checkpoint",  //
         "checkpoint and power cuts", "beyond the end of the log"},
    Need{Rule::checkpoint_must_fit, "[R18a] a checkpoint of another history is not used",  //
         "checkpoint of another history", "reports loss"},
};
static_assert(needs.size() == static_cast<std::size_t>(Rule::count), "every rule is shown to be needed");

}  // namespace

TEST_CASE("log protocol: every live snapshot remains complete in all interleavings", "[model]") {
    for (const Scenario& scenario : all_scenarios()) {
        DYNAMIC_SECTION(scenario.name) {
            const Exploration exploration = explore(scenario.start(Rules::all()));
            std::cout << scenario.name << ": " << exploration.text() << "\n";
            CHECK(exploration.broken == "");
            CHECK(exploration.states > scenario.states_min);
        }
    }
}

TEST_CASE("log protocol: without any one of its rules the model finds the damage", "[model]") {
    std::set<Rule> covered;
    for (const Need& need : needs) {
        covered.insert(need.rule);
        DYNAMIC_SECTION(need.sentence) {
            const Exploration exploration = explore(scenario(need.scenario).start(Rules::all_but(need.rule)));
            std::cout << "without " << need.sentence << ": " << exploration.text() << "\n";
            CHECK_THAT(exploration.broken, ContainsSubstring(need.broken));
            CHECK_FALSE(exploration.trace.empty());
        }
    }
    CHECK(covered.size() == needs.size());
}

TEST_CASE("log protocol: each path of choices is taken once", "[model]") {
    std::vector<std::string> paths;
    Choices choices;
    do {
        std::string path = std::to_string(choices.pick(3));
        if (path == "1") path += choices.yes_or_no() ? "y" : "n";
        paths.push_back(path);
    } while (choices.next());
    CHECK(paths == std::vector<std::string>{"0", "1n", "1y", "2"});
}

}  // namespace varve::model
