#include <filesystem>
#include <optional>
#include <string>

#include "cli/commands/prune_step.h"
#include "cli/commands/verbs.h"
#include "cli/options/image_options.h"
#include "cli/options/output_options.h"
#include "cli/render/render_repair.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/prune/image_chunks.h"

namespace varve {
namespace {

void check_repair_usage(const Arguments& arguments) {
    if (arguments.has("from")) return;
    for (const OptionSpec& spec : image_option_specs())
        if (arguments.has(spec.name)) throw Error(ErrorCode::usage, "--" + spec.name + " needs --from IMAGE");
}

/// A block device and a file are images; a folder is a repository, or opening it explains what it is.
bool is_other_repository(const std::string& path) { return std::filesystem::is_directory(path); }

PruneReport repair_from_image(const Invocation& call, const std::string& path, PruneMode mode, Progress& progress) {
    const auto image = open_named_image(path, image_options(call), progress).reader;
    const auto replacements_of = [&](const Repository& repository) {
        return std::make_unique<ImageChunks>(*image, ids_in_damaged_packs(repository), progress, call.stop);
    };
    PruneReport report = repair_repository(call, replacements_of, mode, progress);
    image->check_unchanged();
    return report;
}

PruneReport repair_from_repository(const Invocation& call, const std::string& location, PruneMode mode,
                                   Progress& progress) {
    RepositoryAccess other(location, call.arguments, progress);
    PruneReport report;
    other.run([&](Repository& from) {
        const auto replacements_of = [&](const Repository&) { return std::make_unique<StoredChunks>(from); };
        report = repair_repository(call, replacements_of, mode, progress);
    });
    return report;
}

PruneReport repair_from_itself(const Invocation& call, PruneMode mode, Progress& progress) {
    const auto replacements_of = [](const Repository& repository) {
        return std::make_unique<StoredChunks>(repository);
    };
    return repair_repository(call, replacements_of, mode, progress);
}

ExitStatus run_repair(const Invocation& call) {
    const Arguments& arguments = call.arguments;
    check_repair_usage(arguments);
    const bool as_json = arguments.has("json");
    const PruneMode mode = arguments.has("dry-run") ? PruneMode::preview : PruneMode::done;
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    const std::optional<std::string> from = arguments.value("from");
    const PruneReport report = !from                        ? repair_from_itself(call, mode, progress)
                               : is_other_repository(*from) ? repair_from_repository(call, *from, mode, progress)
                                                            : repair_from_image(call, *from, mode, progress);
    progress.clear();
    if (as_json)
        print_json(call.console, repair_json(report, mode));
    else
        call.console.summary(repair_text(report, mode));
    return report.kept.empty() ? ExitStatus::done : ExitStatus::found;
}

std::vector<OptionSpec> repair_option_specs() {
    std::vector<OptionSpec> specs{{"from", 0, "IMAGE|REPO2", Repeat::once,
                                   "a disk image, or another repository, that still has what is damaged here"},
                                  dry_run_spec("repair")};
    for (OptionSpec& spec : image_option_specs()) specs.push_back(std::move(spec));
    return specs;
}

}  // namespace

Verb repair_verb() {
    return {"repair",
            "[--from IMAGE|REPO2]",
            "write damaged chunks anew from where they still exist",
            "Replaces damaged and missing chunks by the same chunks from IMAGE or from the\n"
            "repository REPO2; without --from, by copies in this repository: a later backup\n"
            "may have stored them again (it then repairs by itself). Every snapshot that\n"
            "needs them is whole again. Run `varve verify` first: it finds the damage. If\n"
            "something cannot be replaced, its pack stays and is named, and the exit status\n"
            "is 3.",
            "varve repair -r /backup/vms --from /mnt/second/vms",
            {0, 0, UsesRepository::yes, repair_option_specs()},
            run_repair};
}

}  // namespace varve
