#include <filesystem>

#include <fmt/format.h>

#include "cli/repository/open_repository.h"
#include "cli/terminal/json.h"
#include "cli/verbs.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

ExitStatus run_init(const Invocation& call) {
    const auto& operands = call.arguments.operands();
    const std::string location =
        repository_location(call.arguments, operands.empty() ? std::nullopt : std::optional(operands[0]));
    const RepositoryInfo info = make_repository(location);
    const std::string path = std::filesystem::canonical(location).string();
    if (call.arguments.has("json")) {
        Json json;
        json["repository"] = info.id.hex();
        json["path"] = path;
        call.console.print(json_text(json));
        return ExitStatus::done;
    }
    call.console.summary(fmt::format("made the repository {} in {}\n", info.id.hex(), escape_for_display(path)));
    return ExitStatus::done;
}

}  // namespace

Verb init_verb() {
    return {"init",
            "[REPO]",
            "make a new repository",
            "Makes a repository in the folder REPO (or the one that --repo or VARVE_REPO names),\n"
            "which must be empty or not exist yet. Only its owner can read it.",
            "varve init /backup/vms",
            {0, 1, UsesRepository::yes, {}},
            run_init};
}

}  // namespace varve
