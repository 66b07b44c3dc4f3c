#include <filesystem>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

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
#include "engine/prune/image_pages.h"
#include "engine/prune/repository_pages.h"

namespace varve {
namespace {

void check_repair_usage(const Arguments& arguments) {
    if (arguments.has("from")) return;
    for (const OptionSpec& spec : image_option_specs())
        if (arguments.has(spec.name)) throw Error(ErrorCode::usage, "--" + spec.name + " needs --from IMAGE");
}

/// A block device and a file are images; a folder is a repository, or opening it explains what it is.
bool is_other_repository(const std::string& path) { return std::filesystem::is_directory(path); }

/// One call: opens what --from names, one after the other, and repairs while all of it is open.
class RepairCall {
public:
    RepairCall(const Invocation& call, PruneMode mode, Progress& progress)
        : call_(call), mode_(mode), progress_(progress), from_(call.arguments.values("from")) {}

    PruneReport run() { return open_from(0); }

private:
    PruneReport open_from(std::size_t next);
    PruneReport open_image(std::size_t next);
    PruneReport open_repository(std::size_t next);
    RepairSources sources_for(const Repository& repository) const;

    const Invocation& call_;
    const PruneMode mode_;
    Progress& progress_;
    const std::vector<std::string> from_;
    std::vector<const ImageReader*> images_;
    std::vector<const Repository*> repositories_;
};

PruneReport RepairCall::open_from(std::size_t next) {
    if (next < from_.size()) return is_other_repository(from_[next]) ? open_repository(next) : open_image(next);
    const auto sources_for = [this](const Repository& repository) { return this->sources_for(repository); };
    return repair_repository(call_, sources_for, mode_, progress_);
}

PruneReport RepairCall::open_image(std::size_t next) {
    const auto image = open_named_image(from_[next], image_options(call_), progress_).reader;
    images_.push_back(image.get());
    PruneReport report = open_from(next + 1);
    image->check_unchanged();
    return report;
}

PruneReport RepairCall::open_repository(std::size_t next) {
    RepositoryAccess other(from_[next], call_.arguments, progress_);
    PruneReport report;
    other.run([&](const Repository& from) {
        repositories_.push_back(&from);
        report = open_from(next + 1);
    });
    return report;
}

RepairSources RepairCall::sources_for(const Repository& repository) const {
    RepairSources sources;
    for (const Repository* from : repositories_) {
        sources.chunks.push_back(std::make_unique<StoredChunks>(*from));
        sources.pages.push_back(std::make_unique<RepositoryPages>(*from));
    }
    if (images_.empty()) return sources;
    const std::unordered_set<ChunkId> wanted = ids_in_damaged_packs(repository);
    for (const ImageReader* image : images_) {
        sources.chunks.push_back(std::make_unique<ImageChunks>(*image, wanted, progress_, call_.stop));
        sources.pages.push_back(std::make_unique<ImagePages>(*image, progress_));
    }
    return sources;
}

ExitStatus run_repair(const Invocation& call) {
    const Arguments& arguments = call.arguments;
    check_repair_usage(arguments);
    const bool as_json = arguments.has("json");
    const PruneMode mode = arguments.has("dry-run") ? PruneMode::preview : PruneMode::done;
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    const PruneReport report = RepairCall(call, mode, progress).run();
    progress.clear();
    if (as_json)
        print_json(call.console, repair_json(report, mode));
    else
        call.console.summary(repair_text(report, mode));
    return report.kept.empty() ? ExitStatus::done : ExitStatus::found;
}

std::vector<OptionSpec> repair_option_specs() {
    std::vector<OptionSpec> specs{{"from", 0, "IMAGE|REPO2", Repeat::many,
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
            "may have stored them again (it then repairs by itself). Maps that are lost are\n"
            "made again from an image of the disk as it was on that night, or from a copy of\n"
            "the repository. --from may be given more than once. Every snapshot that needs\n"
            "what was replaced is whole again. Run `varve verify` first: it finds the\n"
            "damage. If something cannot be replaced, its pack stays and is named, and the\n"
            "exit status is 3.",
            "varve repair -r /backup/vms --from /mnt/second/vms",
            {0, 0, UsesRepository::yes, repair_option_specs()},
            run_repair};
}

}  // namespace varve
