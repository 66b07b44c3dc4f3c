#include "engine/jobs/tag.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/log_append.h"

namespace varve {
namespace {

SnapshotRecord live_snapshot(const Catalog& catalog, const SnapshotId& id) {
    auto found = catalog.snapshots_by_prefix(id.hex());
    if (found.empty())
        throw Error(ErrorCode::not_found, fmt::format("snapshot {} was forgotten, so its tags are gone", id.hex()));
    return std::move(found.front().record);
}

std::string names_of(const std::map<std::string, std::string>& tags) {
    std::string names;
    for (const auto& [name, value] : tags) names += (names.empty() ? "" : ", ") + name;
    return names.empty() ? "it has none" : "it has " + names;
}

void check_removed(const SnapshotRecord& snapshot, const TagEdit& edit) {
    for (const std::string& name : edit.removed) {
        if (snapshot.tags.contains(name)) continue;
        throw Error(ErrorCode::refused,
                    fmt::format("snapshot {} of disk '{}' has no tag '{}' to remove: {}", short_id(snapshot.id),
                                snapshot.disk, name, names_of(snapshot.tags)));
    }
}

void apply(const TagEdit& edit, std::map<std::string, std::string>& tags) {
    for (const std::string& name : edit.removed) tags.erase(name);
    for (const auto& [name, value] : edit.added) tags.insert_or_assign(name, value);
}

TaggedSnapshot plan_one(const Catalog& catalog, const SnapshotId& id, const TagEdit& edit) {
    TaggedSnapshot tagged;
    tagged.record = live_snapshot(catalog, id);
    const auto before = tagged.record.tags;
    apply(edit, tagged.record.tags);
    tagged.is_changed = tagged.record.tags != before;
    return tagged;
}

TaggedSnapshot edit_one(Repository& repository, const SnapshotId& id, const TagEdit& edit, Progress& progress) {
    TaggedSnapshot tagged = plan_one(repository.catalog, id, edit);
    if (!tagged.is_changed) return tagged;
    const auto check = [&](const LogEntry&) {
        tagged.record = live_snapshot(repository.catalog, id);  // another process may have tagged it too
        check_removed(tagged.record, edit);
    };
    append_to_log(repository, {TagEntry{id, edit.added, edit.removed}, {}}, check, progress);
    apply(edit, tagged.record.tags);
    return tagged;
}

}  // namespace

std::vector<TaggedSnapshot> plan_tags(const Catalog& catalog, std::span<const SnapshotId> snapshots,
                                      const TagEdit& edit) {
    for (const SnapshotId& id : snapshots) check_removed(live_snapshot(catalog, id), edit);
    std::vector<TaggedSnapshot> planned;
    for (const SnapshotId& id : snapshots) planned.push_back(plan_one(catalog, id, edit));
    return planned;
}

std::vector<TaggedSnapshot> edit_tags(Repository& repository, std::span<const SnapshotId> snapshots,
                                      const TagEdit& edit, Progress& progress) {
    catch_up(repository, progress);
    for (const SnapshotId& id : snapshots) check_removed(live_snapshot(repository.catalog, id), edit);
    std::vector<TaggedSnapshot> done;
    for (const SnapshotId& id : snapshots) {
        try {
            done.push_back(edit_one(repository, id, edit, progress));
        } catch (Error& error) {
            if (!done.empty())
                error.with_context(
                    fmt::format("{} of {} snapshots have their new tags", done.size(), snapshots.size()));
            throw;
        }
    }
    return done;
}

}  // namespace varve
