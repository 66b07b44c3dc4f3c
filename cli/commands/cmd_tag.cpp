#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/options/output_options.h"
#include "cli/options/tag_options.h"
#include "cli/render/render_snapshot.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/jobs/tag.h"
#include "engine/naming/snapshot_name.h"

namespace varve {
namespace {

TagEdit edit_of(const Arguments& arguments) {
    TagEdit edit{parse_tags(arguments.values("add"), "--add"), parse_tag_names(arguments.values("remove"), "--remove")};
    if (edit.added.empty() && edit.removed.empty())
        throw Error(ErrorCode::usage, "nothing to change; pass --add KEY=VALUE or --remove KEY");
    for (const std::string& name : edit.removed) {
        if (edit.added.contains(name))
            throw Error(ErrorCode::usage,
                        fmt::format("the tag '{}' is both added and removed; --add alone replaces its value", name));
    }
    return edit;
}

std::string tag_text(const std::vector<TaggedSnapshot>& tagged, bool is_dry_run) {
    std::string out;
    for (const TaggedSnapshot& t : tagged)
        out += fmt::format("{} {}: {}\n", t.is_changed ? (is_dry_run ? "would tag" : "tagged") : "unchanged",
                           title_of(t.record), t.record.tags.empty() ? "no tags" : pairs_text(t.record.tags));
    return out;
}

Json tag_json(const std::vector<TaggedSnapshot>& tagged, bool is_dry_run) {
    Json json;
    json["snapshots"] = Json::array();
    for (const TaggedSnapshot& t : tagged) {
        Json one = snapshot_json(t.record);
        one["changed"] = t.is_changed;
        json["snapshots"].push_back(std::move(one));
    }
    json["dry_run"] = is_dry_run;
    return json;
}

ExitStatus run_tag(const Invocation& call) {
    const auto& names = call.arguments.operands();
    for (const std::string& name : names) parse_snapshot_name(name);
    const TagEdit edit = edit_of(call.arguments);
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    const bool is_dry_run = call.arguments.has("dry-run");
    std::vector<TaggedSnapshot> tagged;
    access.run([&](Repository& repository) {
        std::vector<SnapshotId> ids;
        for (const ListedSnapshot& s : find_snapshots(repository.catalog, names)) ids.push_back(s.record.id);
        tagged = is_dry_run ? plan_tags(repository.catalog, ids, edit) : edit_tags(repository, ids, edit, progress);
    });
    if (call.arguments.has("json"))
        print_json(call.console, tag_json(tagged, is_dry_run));
    else
        call.console.summary(tag_text(tagged, is_dry_run));
    return ExitStatus::done;
}

}  // namespace

Verb tag_verb() {
    return {"tag",
            "SNAP...",
            "add tags to snapshots or remove them",
            "Changes the tags of each snapshot SNAP and shows the result. --add replaces the value\n"
            "of an existing tag. If a tag to remove does not exist, nothing is changed.",
            "varve tag -r /backup/vms web01/vda@2026-11-20 --add keep=forever --remove draft",
            {1,
             operands_unlimited,
             UsesRepository::yes,
             {{"add", 0, "K=V", Repeat::many, "add this tag"},
              {"remove", 0, "K", Repeat::many, "remove the tag of this name"},
              dry_run_spec("change")}},
            run_tag};
}

}  // namespace varve
