#include <filesystem>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json.h"
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
        print_json(call.console, json);
        return ExitStatus::done;
    }
    call.console.summary(fmt::format("created repository {} in {}\n", info.id.hex(), escape_for_display(path)));
    return ExitStatus::done;
}

}  // namespace

Verb init_verb() {
    return {"init",
            "[REPO]",
            "create a repository",
            "Creates a repository in the folder REPO (or the one that --repo or VARVE_REPO names),\n"
            "which must be empty or not exist yet. Only its owner can read it.",
            "varve init /backup/vms",
            {0, 1, UsesRepository::yes, {}},
            run_init};
}

}  // namespace varve
