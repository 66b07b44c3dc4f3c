#pragma once
/// What every job works on: one open repository as the engine sees it. Only groups what belongs together; owns
/// nothing.

#include "engine/base/random_id.h"
#include "engine/repository/catalog.h"
#include "engine/repository/chunk_store.h"
#include "engine/repository/commit_log.h"
#include "engine/repository/known_damage.h"

namespace varve {

/// From the repository's config object.
struct RepositoryInfo {
    RepositoryId id;
    std::uint64_t fingerprint_seed = 0;
    bool writable = true;  ///< false when a feature flag forbids this version to write, or the config is damaged
    std::string config_fault = {};  ///< what is wrong with the config, when the id was taken from the log instead
};

struct Repository {
    const RepositoryInfo& info;
    CommitLog& log;
    ChunkStore& chunks;
    Catalog& catalog;
    const KnownDamage* known_damage = nullptr;  ///< what verify found on this host; null: nothing
};

}  // namespace varve
