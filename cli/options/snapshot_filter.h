#pragma once
/// The options that select snapshots by their properties, the same for every command that lists or selects.

#include <optional>
#include <string>
#include <vector>

#include "cli/options/arguments.h"
#include "cli/options/tag_options.h"
#include "engine/repository/catalog.h"

namespace varve {

/// --group, --tag, --since, --until.
std::vector<OptionSpec> snapshot_filter_specs();

struct SnapshotFilter {
    std::optional<std::string> group;
    std::vector<WantedTag> tags;  ///< all of them must match
    std::optional<TimeNs> since;
    std::optional<TimeNs> until;

    bool fits(const SnapshotRecord& snapshot) const;
};

/// Throws Error(usage).
SnapshotFilter snapshot_filter(const Arguments& arguments);

}  // namespace varve
