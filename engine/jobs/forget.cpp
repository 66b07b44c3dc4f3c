#include "engine/jobs/forget.h"

#include <exception>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/log_append.h"

namespace varve {
namespace {

/// The entries of other writers changed what is to be forgotten: another entry is needed.
class PlanOutdated final : public std::exception {};

/// Chooses the snapshots to forget from the catalog as it is.
using Choice = std::function<std::vector<SnapshotId>()>;

/// Enters that the chosen snapshots are forgotten, unless there are none. `choose` is called again whenever the catalog
/// has read more entries; its last answer is what was entered.
void enter(Repository& repository, const Choice& choose, Progress& progress, const std::stop_token& stop) {
    while (true) {
        const LogHead seen = repository.catalog.head();
        const std::vector<SnapshotId> chosen = choose();
        if (chosen.empty()) return;
        const auto check = [&](const LogEntry&) {
            throw_if_stopped(stop);
            if (repository.catalog.head() != seen && choose() != chosen) throw PlanOutdated();
        };
        try {
            return append_to_log(repository, {ForgetEntry{chosen}, {}}, check, progress);
        } catch (const PlanOutdated&) {  // nothing was written: the loop plans again
        }
    }
}

/// Whether a scope that matches nothing is an error: the first time it is a mistake of the user; later, another writer
/// may have forgotten all that it matched.
enum class EmptyScope { refused, accepted };

RetentionPlan plan_now(const Catalog& catalog, const ForgetByRules& request, EmptyScope empty_scope) {
    std::vector<ListedSnapshot> all = catalog.snapshots();
    if (empty_scope == EmptyScope::refused) check_scope(all, request.scope);
    return plan_retention(std::move(all), request.scope, request.rules, request.now);
}

[[noreturn]] void refuse_held(const SnapshotRecord& snapshot) {
    throw Error(
        ErrorCode::refused,
        fmt::format("snapshot {} of disk '{}' is tagged '{}', so it is forgotten only with --force; nothing was "
                    "forgotten",
                    short_id(snapshot.id), snapshot.disk, hold_tag));
}

std::vector<SnapshotId> ids_of(const std::vector<ListedSnapshot>& snapshots) {
    std::vector<SnapshotId> ids;
    ids.reserve(snapshots.size());
    for (const ListedSnapshot& s : snapshots) ids.push_back(s.record.id);
    return ids;
}

}  // namespace

RetentionPlan plan_forget(const Catalog& catalog, const ForgetByRules& request) {
    return plan_now(catalog, request, EmptyScope::refused);
}

RetentionPlan forget_by_rules(Repository& repository, const ForgetByRules& request, Progress& progress,
                              const std::stop_token& stop) {
    catch_up(repository, progress);
    RetentionPlan plan;
    EmptyScope empty_scope = EmptyScope::refused;
    const auto choose = [&] {
        plan = plan_now(repository.catalog, request, std::exchange(empty_scope, EmptyScope::accepted));
        return plan.leaving();
    };
    enter(repository, choose, progress, stop);
    return plan;
}

NamedForget plan_forget(const Catalog& catalog, std::vector<ListedSnapshot> named, HeldSnapshots held) {
    NamedForget plan;
    for (ListedSnapshot& snapshot : named) {
        auto found = catalog.snapshots_by_prefix(snapshot.record.id.hex());
        if (found.empty()) {
            plan.gone.push_back(std::move(snapshot));
            continue;
        }
        if (held == HeldSnapshots::refuse && is_held(found.front().record)) refuse_held(found.front().record);
        plan.forgotten.push_back(std::move(found.front()));
    }
    return plan;
}

NamedForget forget_named(Repository& repository, const std::vector<ListedSnapshot>& named, HeldSnapshots held,
                         Progress& progress, const std::stop_token& stop) {
    catch_up(repository, progress);
    NamedForget plan;
    const auto choose = [&] {
        plan = plan_forget(repository.catalog, named, held);
        return ids_of(plan.forgotten);
    };
    enter(repository, choose, progress, stop);
    return plan;
}

}  // namespace varve
