#pragma once
/// Forgets snapshots: one log entry for all of one call, no pack. Their space stays in use until a prune. What is
/// forgotten is decided on the state right before the entry: when another writer comes first, its entry is read and the
/// decision is made again.

#include <stop_token>
#include <vector>

#include "engine/base/progress.h"
#include "engine/repository/repository.h"
#include "engine/retention/retention_plan.h"

namespace varve {

struct ForgetByRules {
    RetentionRules rules;  ///< not empty
    RetentionScope scope;
    TimeNs now = 0;
};

/// What forget_by_rules() would do, without writing anything. Throws like check_scope().
RetentionPlan plan_forget(const Catalog& catalog, const ForgetByRules& request);

/// Forgets what the rules do not keep; returns the plan that was carried out. Without anything to forget it writes
/// nothing. Throws like check_scope(), and Error(cancelled) when a stop is requested before the entry is written.
RetentionPlan forget_by_rules(Repository& repository, const ForgetByRules& request, Progress& progress,
                              const std::stop_token& stop);

/// What to do with a named snapshot that is tagged hold_tag.
enum class HeldSnapshots { refuse, forget };

struct NamedForget {
    std::vector<ListedSnapshot> forgotten;  ///< by this call
    std::vector<ListedSnapshot> gone;       ///< another program had forgotten them since they were named
};

/// What forget_named() would do, without writing anything. Throws like it.
NamedForget plan_forget(const Catalog& catalog, std::vector<ListedSnapshot> named, HeldSnapshots held);

/// Forgets `named`, which have no duplicates. Throws Error(refused) when one is held, also if it is so since another
/// writer came first; then none is forgotten. Throws Error(cancelled) as above.
NamedForget forget_named(Repository& repository, const std::vector<ListedSnapshot>& named, HeldSnapshots held,
                         Progress& progress, const std::stop_token& stop);

}  // namespace varve
