#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/model/log.h"
#include "tests/model/rules.h"
#include "tests/model/store.h"
#include "tests/support/choices.h"

namespace varve::model {

using test::Choices;

/// How often the network may misbehave in one exploration.
struct Faults {
    std::size_t lost_replies = 0;   ///< the request takes effect, but its sender does not learn this
    std::size_t late_requests = 0;  ///< the sender stops waiting; the request takes effect at any later time, or never
    /// Whether power may fail while an object is visible but not yet durable, as in a directory before its fsync.
    enum class Power { steady, may_fail } power = Power::steady;
    std::size_t misjudged_leases = 0;  ///< a lease is taken for dead, and removed, though its writer works
    std::size_t lost_sources = 0;      ///< what a writer reads from vanishes while it works
};

/// What a scenario has beside the log and the packs. Without them it has fewer states.
struct Features {
    /// Whether move tables are in packs of their own, that may be condemned, or in their entries.
    enum class Tables { in_entries, in_packs } tables = Tables::in_entries;
    bool leases = false;
};

/// A request that its sender no longer waits for.
struct LateRequest {
    enum class Kind { put_entry, put_pack, remove_pack } kind = Kind::put_entry;
    std::size_t number = 0;        // put_entry
    Entry entry = {};              // put_entry
    PackId pack = 0;               // put_pack, remove_pack
    std::vector<Slot> slots = {};  // put_pack

    void add_to(StateHash& hash) const;
};

/// Everything that actors share: the store, the log and the requests on their way to them.
struct Environment {
    Rules rules;
    Faults faults;
    Features features;
    Store store;
    Log log;
    std::size_t durable_entries = 0;  ///< how much of the log would survive a power cut
    std::vector<Log> checkpoints;     ///< what each of them says that the log was
    std::vector<LateRequest> late;
    std::vector<ActorIndex> leases;  ///< of writers at work; in order
    bool was_lease_misjudged = false;
    std::vector<Address> damage;  ///< slots whose bytes are lost; their packs' tables still say what they were
    std::string violation;        ///< What an actor or a request did wrong, if anything. Ends the exploration.

    /// Puts `entry`, checking that all packs that it names as written exist. False if the number is taken.
    bool put_entry(std::size_t number, const Entry& entry);

    /// Puts a pack. Durable at once only if power never fails.
    void put_pack(PackId id, const std::vector<Slot>& slots);

    bool is_damaged(Address at) const;

    void take_lease(ActorIndex writer);
    void drop_lease(ActorIndex writer);
    bool has_lease(ActorIndex writer) const;

    /// What is not durable is gone, and so is every request on its way. Whoever was at work is dead.
    void cut_power();

    void sync_log() { durable_entries = log.size(); }
    bool power_may_fail() const { return faults.power == Faults::Power::may_fail; }

    /// Executes late request `index` and forgets it.
    std::string deliver(std::size_t index);

    /// The id for a new pack: fresh, or with Rule::fresh_pack_ids off, derived from the content.
    PackId name_pack(ActorIndex writer, std::size_t ordinal, const std::vector<Slot>& slots) const;

    /// Who wrote a pack that was named by name_pack() with Rule::fresh_pack_ids.
    static ActorIndex author_of(PackId pack) { return pack / 10 - 1; }

    void add_to(StateHash& hash) const;
};

/// One step of one actor.
struct Step {
    Environment& env;
    Choices& choices;
    ActorIndex self;
    std::string* story;  // null while exploring: sentences are made only for the trace

    template <class Sentence>
    void tell(const Sentence& sentence) const {
        if (story == nullptr) return;
        if (!story->empty()) *story += ", ";
        *story += sentence();
    }
};

}  // namespace varve::model
