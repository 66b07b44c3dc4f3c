#include <filesystem>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/options/output_options.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

/// Only a folder that is empty or does not exist yet can become a repository.
ExitStatus plan_init(const Invocation& call, const std::string& location) {
    namespace fs = std::filesystem;
    std::error_code error;
    if (fs::exists(location, error) && !(fs::is_directory(location, error) && fs::is_empty(location, error)))
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' {}: a repository needs a folder that is empty or does not exist yet", location,
                                fs::is_directory(location) ? "is not empty" : "is not a folder"));
    const std::string path = fs::weakly_canonical(location).string();
    if (call.arguments.has("json")) {
        Json json;
        json["repository"] = nullptr;
        json["path"] = path;
        json["dry_run"] = true;
        print_json(call.console, json);
        return ExitStatus::done;
    }
    call.console.summary(fmt::format("would create a repository in {}\n", escape_for_display(path)));
    return ExitStatus::done;
}

ExitStatus run_init(const Invocation& call) {
    const auto& operands = call.arguments.operands();
    const std::string location =
        repository_location(call.arguments, operands.empty() ? std::nullopt : std::optional(operands[0]));
    if (call.arguments.has("dry-run")) return plan_init(call, location);
    const RepositoryInfo info = make_repository(location);
    const std::string path = std::filesystem::canonical(location).string();
    if (call.arguments.has("json")) {
        Json json;
        json["repository"] = info.id.hex();
        json["path"] = path;
        json["dry_run"] = false;
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
            {0, 1, UsesRepository::yes, {dry_run_spec("create")}},
            run_init};
}

}  // namespace varve
