#pragma once
/// One repository opened for a command: the only place that knows which store and which catalog implement the engine's
/// interfaces. The catalog is a HostCatalog. For one thread.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "cli/options/arguments.h"
#include "cli/repository/cache_folder.h"
#include "engine/base/progress.h"
#include "engine/jobs/verify_report.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/repository.h"
#include "engine/repository/verify_times.h"

namespace varve {

/// Where the repository is: `operand`, else --repo, else VARVE_REPO. Throws Error(usage) when none of them
/// names one, or both of the first do.
std::string repository_location(const Arguments& arguments, const std::optional<std::string>& operand = std::nullopt);

/// Creates a new repository there. Throws what create_backend() throws.
RepositoryInfo make_repository(const std::string& location);

class HeldLease;

class RepositoryAccess {
public:
    /// Opens the repository that the options name; reads only its config.
    RepositoryAccess(const Arguments& arguments, Progress& progress);
    /// Opens the one at `location`, whatever the options name.
    RepositoryAccess(const std::string& location, const Arguments& arguments, Progress& progress);
    ~RepositoryAccess();
    RepositoryAccess(const RepositoryAccess&) = delete;
    RepositoryAccess& operator=(const RepositoryAccess&) = delete;

    /// Runs `job` on the repository, once, with a catalog that has caught up with the log.
    void run(const std::function<void(Repository&)>& job);

    /// Makes this host's catalog again from the log; the old one stays if that fails. Call it before run().
    void rebuild_catalog();

    /// Until this object ends, prunes see that a command is at work whose packs no log entry names yet. `purpose` is
    /// its verb. When that is not possible, warns: it is a hint only.
    void announce(const std::string& purpose);

    /// Whether another command announced itself and is still running.
    bool is_other_writer_alive() const;
    /// The same; removes the marks of commands that were killed.
    bool is_other_writer_alive_after_cleanup();

    const RepositoryInfo& info() const;
    /// When this host last verified each pack. Warns, and knows nothing, when that cannot be read.
    VerifyTimes verify_times();
    /// Remembers what verify read, for verify_times(), and what it found damaged, so that no later backup on this host
    /// builds on it. Warns when that is not possible.
    void remember(const VerifyReport& report);
    /// The same for slots that another command found damaged; what is remembered already stays.
    void remember(const std::set<ChunkAddress>& damaged);

    /// A folder for large temporary files.
    const std::filesystem::path& spool_folder() const { return spool_folder_; }

private:
    struct Store;
    struct View;

    void open_view();
    void change_known_damage(const std::function<void(KnownDamage&)>& change);
    void remember_times(const VerifyReport& report);
    void remember_where() const;

    Progress& progress_;
    std::unique_ptr<Store> store_;
    CatalogPlace place_;
    KnownDamage known_damage_;
    std::filesystem::path spool_folder_;
    std::unique_ptr<View> view_;
    std::unique_ptr<HeldLease> lease_;
};

}  // namespace varve
