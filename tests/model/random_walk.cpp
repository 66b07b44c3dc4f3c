#include "tests/model/random_walk.h"

#include <algorithm>
#include <random>
#include <utility>
#include <variant>

#include "tests/model/history.h"

namespace varve::model {
namespace {

using Takes = Pruner::Takes;

constexpr SnapshotId snapshots_before = 3;
constexpr Chunk chunks_max = 6;
constexpr std::size_t steps_max = 1000;

class Draw {
public:
    explicit Draw(std::uint64_t number) : random_(number * 0x9e3779b97f4a7c15U + 1) {}

    std::size_t below(std::size_t count) { return random_() % count; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    std::vector<Chunk> chunks() {
        std::vector<Chunk> some;
        for (std::size_t count = 1 + below(3); some.size() < count;)
            some.push_back(static_cast<Chunk>(1 + below(chunks_max)));
        return some;
    }
    SnapshotId old_snapshot() { return static_cast<SnapshotId>(1 + below(snapshots_before)); }
    std::mt19937_64& random() { return random_; }

private:
    std::mt19937_64 random_;
};

/// Snapshots of which some share packs and some are forgotten, perhaps a move, an orphan, and damage.
History random_history(Draw& draw, Rules rules) {
    History history(rules);
    std::vector<Address> written;
    for (SnapshotId snapshot = 1; snapshot <= snapshots_before; ++snapshot) {
        std::vector<Slot> slots;
        for (Chunk chunk : draw.chunks()) slots.push_back({chunk, {}});
        const PackId pack = history.pack(slots);
        std::vector<Address> map;
        for (std::size_t slot = draw.below(std::min<std::size_t>(2, slots.size())); slot < slots.size(); ++slot)
            map.push_back({pack, slot});
        std::vector<PackId> hits;
        if (!written.empty() && draw.one_in(2)) {
            map.push_back(written[draw.below(written.size())]);
            hits.push_back(map.back().pack);
        }
        history.commit(snapshot, {pack}, map, hits);
        written.insert(written.end(), map.begin(), map.end());
    }
    if (draw.one_in(2)) history.move_all_of(1);
    if (draw.one_in(2)) history.forget(draw.old_snapshot());
    if (draw.one_in(3)) history.pack({{static_cast<Chunk>(1 + draw.below(chunks_max)), {}}});
    if (!written.empty() && draw.one_in(3)) history.damage(written[draw.below(written.size())]);
    return history;
}

Backup random_backup(Draw& draw, SnapshotId snapshot) {
    Backup backup;
    backup.snapshot = snapshot;
    backup.content = draw.chunks();
    if (draw.one_in(2)) backup.orphans = Backup::Orphans::adopt;
    if (draw.one_in(3)) backup.damage = Backup::Damage::known;
    if (draw.one_in(3)) {
        backup.kind = Backup::Kind::copy;
        backup.snapshot = draw.one_in(2) ? draw.old_snapshot() : SnapshotId{9};
    } else if (draw.one_in(2)) {
        backup.parent = draw.old_snapshot();
        if (draw.one_in(2)) backup.changed = Backup::Changed::patch;
    }
    return backup;
}

World random_world(Draw& draw, Rules rules) {
    History history = random_history(draw, rules);
    std::vector<Actor> actors;
    for (SnapshotId snapshot = 4; snapshot < 7; ++snapshot) {
        Backup backup = random_backup(draw, snapshot);
        // What is inherited, or copied again, has the content from before.
        const std::optional<SnapshotId> like = backup.parent ? backup.parent : std::optional(backup.snapshot);
        const std::vector<Chunk> known = history.content_of(*like);
        for (std::size_t i = 0; i < known.size(); ++i) {
            const bool keeps = backup.kind == Backup::Kind::copy || draw.one_in(2);
            if (i >= backup.content.size() && keeps) backup.content.push_back(known[i]);
            if (i < backup.content.size() && keeps) backup.content[i] = known[i];
        }
        actors.emplace_back(Writer(std::move(backup)));
    }
    actors.emplace_back(Pruner(Takes::any_pack));
    actors.emplace_back(Pruner(draw.one_in(2) ? Takes::any_pack : Takes::packs_with_dead_chunks));
    actors.emplace_back(Pruner(Takes::damaged_packs));
    actors.emplace_back(Forgetter(draw.old_snapshot()));
    actors.emplace_back(draw.one_in(2) ? Forgetter::by_rules() : Forgetter(draw.old_snapshot()));
    actors.emplace_back(Tagger(draw.old_snapshot()));
    actors.emplace_back(Reader(draw.old_snapshot()));
    if (draw.one_in(2)) actors.emplace_back(Checkpointer());
    Faults faults;
    faults.lost_replies = draw.below(3);
    faults.late_requests = draw.below(3);
    faults.misjudged_leases = draw.below(3);
    faults.lost_sources = draw.one_in(4) ? 1 : 0;
    if (draw.one_in(2)) faults.power = Faults::Power::may_fail;
    Features features;
    features.leases = draw.one_in(2);
    features.tables = Features::Tables::in_packs;
    return history.then(std::move(actors), faults, features);
}

class Walk {
public:
    Walk(std::uint64_t number, Rules rules, Tracing tracing)
        : draw_(number), tracing_(tracing), world_(random_world(draw_, rules)), dead_(world_.actors.size()) {}

    RandomWalk run() {
        while (result_.steps < steps_max && take_step()) {
            ++result_.steps;
            if (const auto broken = broken_promise(world_)) {
                result_.broken = *broken;
                break;
            }
        }
        return std::move(result_);
    }

private:
    bool can_step(ActorIndex self) const {
        return !dead_[self] &&
               std::visit([&](const auto& actor) { return actor.can_step(world_.env); }, world_.actors[self]);
    }

    /// False: no one can do anything.
    bool take_step() {
        if (world_.env.power_may_fail() && draw_.one_in(300)) {
            cut_power();
            return true;
        }
        if (!world_.env.late.empty() && draw_.one_in(8)) {
            const std::string story = world_.env.deliver(draw_.below(world_.env.late.size()));
            if (tracing_ == Tracing::yes) result_.trace.push_back("[-] " + story);
            return true;
        }
        std::vector<ActorIndex> able;
        for (ActorIndex self = 0; self < world_.actors.size(); ++self)
            if (can_step(self)) able.push_back(self);
        if (able.empty()) return false;
        // Many faults need that one actor gets far while the others wait.
        if (!can_step(current_) || draw_.one_in(3)) current_ = able[draw_.below(able.size())];
        if (draw_.one_in(200)) {
            dead_[current_] = true;
            note("dies");
            return true;
        }
        step(current_);
        return true;
    }

    void step(ActorIndex self) {
        Choices choices(draw_.random());
        std::string story;
        Step step{world_.env, choices, self, tracing_ == Tracing::yes ? &story : nullptr};
        std::visit([&](auto& actor) { actor.step(step); }, world_.actors[self]);
        has_begun_.push_back(self);
        note(story);
    }

    /// Who has not begun yet begins afterwards.
    void cut_power() {
        for (ActorIndex self : has_begun_) dead_[self] = true;
        world_.env.cut_power();
        if (tracing_ == Tracing::yes) result_.trace.emplace_back("[-] power fails");
    }

    void note(const std::string& story) {
        if (tracing_ == Tracing::no) return;
        const std::string name = std::visit([](const auto& actor) { return actor.name(); }, world_.actors[current_]);
        result_.trace.push_back("[" + std::to_string(current_ + 1) + "] " + name + ": " + story);
    }

    Draw draw_;
    const Tracing tracing_;
    World world_;
    std::vector<bool> dead_;
    std::vector<ActorIndex> has_begun_;
    ActorIndex current_ = 0;
    RandomWalk result_;
};

}  // namespace

RandomWalk walk_at_random(std::uint64_t number, Rules rules, Tracing tracing) {
    return Walk(number, rules, tracing).run();
}

}  // namespace varve::model
