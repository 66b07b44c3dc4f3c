#pragma once
/// Checks packs on several threads, some whole and some by header and trailer alone, and collects the damage. Asks the
/// store for each pack: a listing has no lengths, and may lag behind. Single use.

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/progress.h"
#include "engine/jobs/verify_report.h"
#include "engine/repository/repository.h"

namespace varve {

/// What is damaged, by where it is today.
struct Damage {
    std::unordered_map<ChunkAddress, std::string> slots;
    std::unordered_map<PackId, std::string> packs;  ///< none of their slots can be relied on

    bool empty() const { return slots.empty() && packs.empty(); }
    /// What is wrong with the slot; null: nothing.
    const std::string* find(const ChunkAddress& current) const;
};

/// The packs of a run, in the order in which they are checked.
struct PacksToCheck {
    std::vector<PackFacts> whole;       ///< whatever the clock shows
    std::vector<PackFacts> by_trailer;  ///< what this host knows to be damaged in them is reported again
    std::vector<PackFacts> while_time;  ///< whole; from the deadline on, all but the first by their trailer
    std::optional<std::chrono::steady_clock::time_point> deadline;
};

class PackCheckRun {
public:
    /// Counts what was checked in `report`, and adds findings about packs as a whole to it. Borrows both.
    PackCheckRun(const Repository& repository, VerifyReport& report) : repository_(repository), report_(report) {}

    /// When a stop is requested, begins no more packs and notes that in the report.
    Damage run(const PacksToCheck& packs, Progress& progress, const std::stop_token& stop);

private:
    using Deadline = std::optional<std::chrono::steady_clock::time_point>;
    struct Task {
        PackFacts facts;
        PackCheck depth = PackCheck::whole;
        Deadline until;  ///< from then on its trailer is enough
    };
    struct Checked {
        Task task;
        ChunkStore::CheckedPack counts;
        std::vector<PackDamage> damages;
        enum class Presence { there, missing, given_up } presence = Presence::there;
    };

    Checked check(const Task& task) const;
    /// Puts the packs through `feed`, which returns false once no more shall come.
    static bool feed_all(const PacksToCheck& packs, const std::function<bool(Task)>& feed);
    void note(const Checked& checked);
    void note(const Checked& checked, const PackDamage& damage);
    void note_read(const Checked& checked);
    void repeat_known_damage(const PackId& pack);

    const Repository& repository_;
    VerifyReport& report_;
    Damage damage_;
};

}  // namespace varve
