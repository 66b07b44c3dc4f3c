#pragma once
/// A whole repository over any backend, for tests of the jobs. A second one over the same backend acts as a second
/// host.

#include <memory>
#include <stop_token>

#include "catalog/sqlite_catalog.h"
#include "engine/backup/backup.h"
#include "engine/jobs/restore.h"
#include "engine/jobs/snapshot_diff.h"
#include "engine/jobs/verify.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/log_following_store.h"
#include "engine/repository/repository.h"
#include "store/backend/backend.h"
#include "store/backend_log.h"
#include "store/object/repository_config.h"
#include "store/pack_store.h"
#include "tests/fakes/expecting_target.h"
#include "tests/fakes/memory_image.h"

namespace varve::test {

/// Keeps the warnings.
class ListeningProgress final : public Progress {
public:
    void begin(std::string_view, ByteCount) override {}
    void advance(ByteCount) override {}
    void warn(std::string_view sentence) override { warnings.emplace_back(sentence); }
    std::vector<std::string> warnings;
};

class TestRepository {
public:
    /// With its catalog in the folder `cache`, or in memory: that costs a test a third less.
    explicit TestRepository(Backend& backend, const SessionLimits& limits = {}, const std::filesystem::path& cache = {})
        : info(open_or_create(backend)),
          log(backend, info),
          catalog(cache.empty() ? open_memory_catalog(info.id, log.genesis())
                                : open_sqlite_catalog(cache, info.id, log.genesis())),
          packs(backend, info, *catalog, limits),
          chunks(info, log, packs, *catalog) {}

    SnapshotRecord backup(const ImageReader& source, const std::string& disk, TimeNs time = 0) {
        BackupRequest request;
        request.disk = disk;
        request.time = time;
        request.source.path = "/images/" + disk;
        request.source.format = "raw";
        catch_up(repository, progress);
        return varve::backup(repository, source, request, progress, {});
    }

    Bytes restored_bytes(const SnapshotRecord& snapshot) {
        fakes::MemoryTarget target(snapshot.size.value);
        varve::restore(repository, snapshot, target, progress, {});
        VARVE_CHECK(target.is_finished);
        return target.image.bytes();
    }

    /// Whether the snapshot restores to a disk of these bytes; cheaper than restored_bytes().
    bool restores_to(const SnapshotRecord& snapshot, const Bytes& disk) {
        if (snapshot.size.value != disk.size()) return false;
        fakes::ExpectingTarget target(disk);
        varve::restore(repository, snapshot, target, progress, {});
        return target.is_right();
    }

    std::vector<SnapshotRecord> snapshots() {
        catch_up(repository, progress);
        std::vector<SnapshotRecord> records;
        for (const ListedSnapshot& listed : catalog->snapshots()) records.push_back(listed.record);
        return records;
    }

    VerifyReport verify(const VerifyRequest& request = {}) {
        const std::vector<SnapshotRecord> all = snapshots();
        VerifyReport report = varve::verify(repository, all, request, progress, {});
        damage.replace(report.settled_packs, report.damage);
        return report;
    }

    /// Everything but guest data.
    VerifyReport check() {
        VerifyRequest request;
        request.depth = VerifyDepth::structure;
        return verify(request);
    }

private:
    static RepositoryInfo open_or_create(Backend& backend) {
        if (backend.size("config")) return open_repository(backend);
        return create_repository(backend);
    }

public:
    const RepositoryInfo info;
    BackendLog log;
    std::unique_ptr<Catalog> catalog;
    PackStore packs;
    LogFollowingStore chunks;
    KnownDamage damage;  ///< what verify() has found, for later backups
    Repository repository{info, log, chunks, *catalog, &damage};
    ListeningProgress progress;
};

}  // namespace varve::test
