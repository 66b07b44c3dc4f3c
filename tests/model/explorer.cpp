#include "tests/model/explorer.h"

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <utility>
#include <variant>

namespace varve::model {
namespace {

struct Successor {
    World world;
    std::string story;
};

enum class Telling { silent, aloud };

// All states one step away, always in the same order.
std::vector<Successor> successors(const World& world, Telling telling) {
    std::vector<Successor> result;
    for (ActorIndex self = 0; self < world.actors.size(); ++self) {
        const bool can = std::visit([&](const auto& actor) { return actor.can_step(world.env); }, world.actors[self]);
        if (!can) continue;
        Choices choices;
        do {
            Successor next{world, {}};
            Step step{next.world.env, choices, self, telling == Telling::aloud ? &next.story : nullptr};
            std::visit([&](auto& actor) { actor.step(step); }, next.world.actors[self]);
            if (telling == Telling::aloud) {
                const std::string name = std::visit([](const auto& actor) { return actor.name(); }, world.actors[self]);
                next.story = "[" + std::to_string(self + 1) + "] " + name + ": " + next.story;
            }
            result.push_back(std::move(next));
        } while (choices.next());
    }
    for (std::size_t index = 0; index < world.env.late.size(); ++index) {
        Successor next{world, {}};
        const std::string story = next.world.env.deliver(index);
        if (telling == Telling::aloud) next.story = "[-] " + story;
        result.push_back(std::move(next));
    }
    return result;
}

struct HashOfHash {
    std::size_t operator()(const StateHash& hash) const { return hash.first(); }
};

class Explorer {
public:
    Exploration run(const World& start) {
        start_ = &start;
        visit(start, 0, 0);
        while (result_.broken.empty() && !frontier_.empty()) {
            const World world = std::move(frontier_.front());
            frontier_.pop_front();
            const std::uint32_t from = expanded_++;
            std::vector<Successor> next = successors(world, Telling::silent);
            for (std::size_t ordinal = 0; ordinal < next.size() && result_.broken.empty(); ++ordinal) {
                ++result_.steps;
                visit(std::move(next[ordinal].world), from, static_cast<std::uint32_t>(ordinal));
            }
        }
        result_.states = came_from_.size();
        return std::move(result_);
    }

private:
    struct Origin {
        std::uint32_t state;    // the state before
        std::uint32_t ordinal;  // which of its successors
    };

    void visit(World world, std::uint32_t from, std::uint32_t ordinal) {
        StateHash hash;
        hash.add(world);
        const auto broken = broken_promise(world);  // also of a state seen: what an actor reports is not in its hash
        if (!broken && !seen_.insert(hash).second) return;
        came_from_.push_back({from, ordinal});
        if (broken) return fail(*broken, static_cast<std::uint32_t>(came_from_.size() - 1));
        frontier_.push_back(std::move(world));
    }

    // Only the path is remembered, not the states, so follow it once more and record its steps.
    void fail(const std::string& broken, std::uint32_t state) {
        result_.broken = broken;
        std::vector<std::uint32_t> way;
        for (; state != 0; state = came_from_[state].state) way.push_back(came_from_[state].ordinal);
        World world = *start_;
        for (auto ordinal = way.rbegin(); ordinal != way.rend(); ++ordinal) {
            Successor next = std::move(successors(world, Telling::aloud).at(*ordinal));
            result_.trace.push_back(next.story);
            world = std::move(next.world);
        }
    }

    const World* start_ = nullptr;
    Exploration result_;
    std::unordered_set<StateHash, HashOfHash> seen_;
    std::vector<Origin> came_from_;  // by order of discovery, which is that of expansion
    std::deque<World> frontier_;
    std::uint32_t expanded_ = 0;
};

}  // namespace

Exploration explore(const World& start) { return Explorer().run(start); }

std::string Exploration::text() const {
    std::string text = std::to_string(states) + " states, " + std::to_string(steps) + " steps";
    for (const std::string& line : trace) text += "\n    " + line;
    if (!broken.empty()) text += "\n    => " + broken;
    return text;
}

}  // namespace varve::model
