#include <fmt/format.h>

#include "cli/options/tag_options.h"
#include "cli/render/render_snapshot.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/progress_bar.h"
#include "cli/verbs.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/jobs/tag.h"
#include "engine/naming/snapshot_name.h"

namespace varve {
namespace {

TagEdit edit_of(const Arguments& arguments) {
    TagEdit edit{parse_tags(arguments.values("add"), "--add"), parse_tag_names(arguments.values("remove"), "--remove")};
    if (edit.added.empty() && edit.removed.empty())
        throw Error(ErrorCode::usage, "what to change is missing; say --add KEY=VALUE or --remove KEY");
    for (const std::string& name : edit.removed) {
        if (edit.added.contains(name))
            throw Error(ErrorCode::usage,
                        fmt::format("the tag '{}' is both added and removed; --add alone replaces its value",
                                    escape_for_display(name)));
    }
    return edit;
}

std::string tag_text(const std::vector<TaggedSnapshot>& tagged) {
    std::string out;
    for (const TaggedSnapshot& t : tagged)
        out += fmt::format("{} {}: {}\n", t.is_changed ? "tagged" : "unchanged", title_of(t.record),
                           t.record.tags.empty() ? "no tags" : pairs_text(t.record.tags));
    return out;
}

Json tag_json(const std::vector<TaggedSnapshot>& tagged) {
    Json json = Json::array();
    for (const TaggedSnapshot& t : tagged) {
        Json one = snapshot_json(t.record);
        one["changed"] = t.is_changed;
        json.push_back(std::move(one));
    }
    return json;
}

ExitStatus run_tag(const Invocation& call) {
    const auto& names = call.arguments.operands();
    for (const std::string& name : names) parse_snapshot_name(name);
    const TagEdit edit = edit_of(call.arguments);
    ProgressBar progress(call.console, BarMode::never);
    RepositoryAccess access(call.arguments, progress);
    std::vector<TaggedSnapshot> tagged;
    access.run([&](Repository& repository) {
        std::vector<SnapshotId> ids;
        for (const ListedSnapshot& s : find_snapshots(repository.catalog, names)) ids.push_back(s.record.id);
        tagged = edit_tags(repository, ids, edit, progress);
    });
    if (call.arguments.has("json"))
        call.console.print(json_text(tag_json(tagged)));
    else
        call.console.summary(tag_text(tagged));
    return ExitStatus::done;
}

}  // namespace

Verb tag_verb() {
    return {"tag",
            "SNAP...",
            "add tags to snapshots, or take them away",
            "Changes the tags of each snapshot SNAP and shows those that it has then. --add gives\n"
            "a tag that is there already its new value. Removing a tag that is not there is\n"
            "refused, and then nothing is changed.",
            "varve tag -r /backup/vms web01/vda@2026-11-20 --add keep=forever --remove draft",
            {1,
             operands_unlimited,
             UsesRepository::yes,
             {{"add", 0, "K=V", Repeat::many, "give the snapshots this tag"},
              {"remove", 0, "K", Repeat::many, "take the tag of this name away"}}},
            run_tag};
}

}  // namespace varve
