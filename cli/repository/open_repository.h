#pragma once
/// One repository opened for a command: the only place that knows which store and which catalog implement the engine's
/// interfaces. A catalog that is missing, behind or damaged is rebuilt from the log, and one line on standard error
/// reports it. For one thread.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/options/arguments.h"
#include "engine/base/progress.h"
#include "engine/jobs/verify_report.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/repository.h"

namespace varve {

/// Where the repository is: `operand`, else --repo, else VARVE_REPO. Throws Error(usage) when none of them
/// names one, or both of the first do.
std::string repository_location(const Arguments& arguments, const std::optional<std::string>& operand = std::nullopt);

/// Creates a new repository there. Throws what create_backend() throws.
RepositoryInfo make_repository(const std::string& location);

enum class OnDamage {
    repeat,  ///< run the job once more over a fresh catalog
    fail,    ///< the job cannot be repeated: it has sent bytes down a pipe
};

class RepositoryAccess {
public:
    /// Opens the repository that the options name; reads only its config.
    RepositoryAccess(const Arguments& arguments, Progress& progress);
    ~RepositoryAccess();
    RepositoryAccess(const RepositoryAccess&) = delete;
    RepositoryAccess& operator=(const RepositoryAccess&) = delete;

    /// Runs `job` on the repository with a catalog that has caught up with the log. When the catalog turns out to be
    /// damaged, discards it and runs the job again, once.
    void run(const std::function<void(Repository&)>& job, OnDamage on_damage = OnDamage::repeat);

    const RepositoryInfo& info() const;
    /// Remembers what verify found damaged, so that no later backup on this host builds on it. Warns when that is not
    /// possible.
    void remember(const VerifyReport& report);

    /// This host's folder for the repository.
    const std::filesystem::path& cache_folder() const { return cache_folder_; }

private:
    struct Store;
    struct View;

    void open_view();
    void discard_view(const std::string& why);

    Progress& progress_;
    std::unique_ptr<Store> store_;
    std::filesystem::path cache_folder_;
    KnownDamage known_damage_;
    std::unique_ptr<View> view_;
    bool is_damage_reported_ = false;
};

}  // namespace varve
