#pragma once
/// Reads packs, those in use or all, whole, on several threads, and collects the damage. Single use.

#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/base/progress.h"
#include "engine/jobs/pack_usage.h"
#include "engine/jobs/verify_report.h"
#include "engine/jobs/verify_scope.h"
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

class PackCheckRun {
public:
    /// Counts what was checked in `report`, and adds findings about whole packs to it. Borrows all.
    PackCheckRun(const Repository& repository, const PackUsage& usage, VerifyScope scope, VerifyReport& report)
        : repository_(repository), usage_(usage), scope_(scope), report_(report) {}

    Damage run(Progress& progress, const std::stop_token& stop);

private:
    struct Checked {
        PackFacts facts;
        ChunkStore::CheckedPack counts;
        std::vector<PackDamage> damages;
        bool is_missing = false;
    };

    std::vector<ListedPack> packs_to_check() const;
    Checked check(const PackFacts& facts) const;
    void note(const Checked& checked);

    const Repository& repository_;
    const PackUsage& usage_;
    const VerifyScope scope_;
    VerifyReport& report_;
    Damage damage_;
};

}  // namespace varve
