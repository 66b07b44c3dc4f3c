#pragma once

#include <bitset>
#include <cstddef>

namespace varve::model {

/// The rules that make the log protocol safe. Each can be switched off, to prove that the model notices.
/// The names in brackets are those of README.md.
enum class Rule : std::size_t {
    durable_before_entry,    ///< [R0] an entry is put only after the packs it names are durable
    recheck_hits,            ///< [R1] after a lost race, every dedup hit must still resolve
    follow_hits_to_the_end,  ///< [R1a] ... through every move table, not only that of the recorded pack
    condemned_is_no_hit,     ///< [R1b] a hit resolves in the view it was found in; that its pack exists proves nothing
    recheck_own_packs,       ///< [R2] after a lost race, a condemned own or adopted pack is stored anew
    condemned_in_any_role,   ///< [R2a] ... also if an entry had named it before it was condemned
    moves_name_packs_too,    ///< [R2b] an orphan is named by no entry at all: a condemned pack is not one
    walk_if_parent_is_gone,  ///< [R3] after a lost race, what is inherited from a forgotten parent must resolve
    walk_after_every_entry,  ///< [R3a] ... again after each later entry, not only after the one that forgot it
    parent_is_live,          ///< [R3b] only a parent that is live in the view is inherited from
    parent_as_committed,     ///< [R3c] ... live as the entry that was inherited from: a copy brings an id back with
                             ///< another map
    recognise_own_entry,     ///< [R4] after a lost reply, check whether the entry at the number is one's own
    recognise_after_every_refusal,  ///< [R4a] ... and after every refusal: an earlier request may have arrived late
    fresh_pack_ids,                 ///< [R5] a pack id is never used again
    recheck_plan,                   ///< [R6] a pruner that lost the race leaves what the new snapshots need
    start_over_after_move,  ///< [R6a] ... and makes a new plan if a move was faster: its copies may be condemned
    mark_each_commit,       ///< [R6b] ... and looks at every live commit, also of an id that it has seen before
    enter_before_delete,    ///< [R7] a pack is deleted only after the move that condemns it is in the log
    read_log_again,         ///< [R8] a reader that misses a pack reads the log again
    miss_twice_is_no_loss,  ///< [R8a] ... as often as it takes: loss is a miss that the newer log does not explain
    read_log_by_number,     ///< [R8b] ... number by number up to the first missing one, not from a list that may lag
    bases_must_resolve,     ///< [R9] a patch resolves only if its base does, wherever an address is checked
    ask_heirs,           ///< [R10] a pack's users are the commits that name it, forgotten or not, and all their heirs
    sync_adopted,        ///< [R11] an orphan seen in a list may not be durable yet: it is synced before it is named
    sync_before_delete,  ///< [R11a] so may an entry: the log is synced before a pack is deleted that others condemned
    sync_recognised_entry,  ///< [R11b] ... and before one's own entry, found after a doubt, is reported as a success
    rules_choose_again,     ///< [R12] a forgetter by rules that lost the race chooses again what to forget
    names_choose_again,     ///< [R12a] ... and one by name looks again whether the snapshot was put on hold
    check_copies,           ///< [R13] what a pruner copies is checked against its id, and healed if it is damaged
    keep_unreadable,        ///< [R13a] ... or its pack stays if the content is nowhere else
    damaged_is_no_hit,      ///< [R14] what is known to be damaged is neither hit nor inherited
    repeat_moves,           ///< [R15] a move that condemns a table of moves repeats what is in it
    repeat_moves_of_dead,   ///< [R15a] ... also what no live snapshot needs: a backup at work may have inherited it
    tables_stay,            ///< [R15b] ... and if a pack stays after a lost race, so does every table
    leases_prove_nothing,   ///< [R16] a writer with a lease checks its packs again as if it had none
    leases_after_list,      ///< [R16a] leases are looked at after the packs are listed
    condemn_orphans_first,  ///< [R16b] an orphan is condemned before it is deleted, also if no lease is alive
    copy_once,              ///< [R17] a copier that lost the race commits nothing if the snapshot is live now
    log_before_checkpoint,  ///< [R18] the log is durable up to a checkpoint before the checkpoint is put
    checkpoint_must_fit,    ///< [R18a] a checkpoint is used only if the log has the entries that it was made of
    count,
};

/// Which rules the actors of one exploration follow.
class Rules {
public:
    static Rules all() { return Rules(); }
    static Rules all_but(Rule off) {
        Rules rules;
        rules.off_.set(static_cast<std::size_t>(off));
        return rules;
    }
    bool on(Rule rule) const { return !off_.test(static_cast<std::size_t>(rule)); }

private:
    std::bitset<static_cast<std::size_t>(Rule::count)> off_;
};

}  // namespace varve::model
