#pragma once
/// Helpers for tests of prune: forgetting by hand, and what must hold afterwards, as seen by any host.

#include <string>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/prune/prune.h"
#include "engine/repository/log_append.h"
#include "tests/catch.h"
#include "tests/support/test_repository.h"

namespace varve::test {

/// A snapshot and the bytes that it must read back.
struct Night {
    SnapshotRecord record;
    Bytes bytes;
};

inline Night back_up(TestRepository& host, const fakes::MemoryImage& disk, const std::string& name, TimeNs time) {
    return {host.backup(disk, name, time), disk.bytes()};
}

/// Enters that these snapshots are forgotten.
inline void forget(TestRepository& host, const std::vector<SnapshotId>& snapshots) {
    append_to_log(
        host.repository, {ForgetEntry{snapshots}, {}}, [](const LogEntry&) {}, host.progress);
}

/// Every night reads back.
inline void require_restored(TestRepository& host, const std::vector<Night>& nights) {
    for (const Night& night : nights) REQUIRE(host.restores_to(night.record, night.bytes));
}

/// Every night is listed, reads back, and verifies.
inline void require_nights(TestRepository& host, const std::vector<Night>& nights) {
    REQUIRE(host.snapshots().size() == nights.size());
    require_restored(host, nights);
    const VerifyReport report = host.verify();
    INFO((report.findings.empty() ? "" : report.findings.front().message));
    REQUIRE(report.findings.empty());
}

/// The same for a host that has only the repository.
inline void require_nights_on_a_fresh_host(Backend& backend, const std::vector<Night>& nights) {
    TestRepository host(backend);
    require_nights(host, nights);
    REQUIRE(host.progress.warnings.empty());
}

inline PruneReport prune_now(TestRepository& host, const PruneRequest& request = {}) {
    return varve::prune(host.repository, request, host.progress, {});
}

/// What the packs take.
inline ByteCount bytes_of_packs(const ChunkStore& chunks) {
    ByteCount bytes;
    for (const PackId& id : chunks.list_packs()) bytes += chunks.pack_size(id).value_or(ByteCount{});
    return bytes;
}

/// Whether each pack that is there is named by the log and not condemned.
inline bool is_without_garbage(TestRepository& host) {
    catch_up(host.repository, host.progress);
    for (const PackId& id : host.chunks.list_packs()) {
        const auto known = host.catalog->pack(id);
        if (!known || known->state != PackState::committed) return false;
    }
    return true;
}

}  // namespace varve::test
