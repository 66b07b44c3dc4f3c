#pragma once
/// A program that begins now: nothing of the repository is in its memory.

#include <vector>

#include "tests/support/test_repository.h"

namespace varve::test {

/// Verifies everything to this depth, with the catalog that a host keeps or, without one, with a new one.
inline VerifyReport verify_in_new_program(Backend& backend, Catalog* known, VerifyDepth depth) {
    const RepositoryInfo info = open_repository(backend);
    BackendLog log(backend, info);
    const auto made = known == nullptr ? open_memory_catalog(info.id, log.genesis()) : nullptr;
    Catalog& catalog = known == nullptr ? *made : *known;
    PackStore packs(backend, info, catalog);
    LogFollowingStore chunks(info, log, packs, catalog);
    Repository repository{info, log, chunks, catalog, nullptr};
    ListeningProgress progress;
    if (made)
        read_into_new_catalog(repository, progress);
    else
        catch_up(repository, progress);
    std::vector<SnapshotRecord> snapshots;
    for (const ListedSnapshot& listed : catalog.snapshots()) snapshots.push_back(listed.record);
    VerifyRequest request;
    request.depth = depth;
    return verify(repository, snapshots, request, progress, {});
}

}  // namespace varve::test
