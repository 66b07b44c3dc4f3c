#include "cli/commands/verbs.h"
#include "cli/options/image_options.h"
#include "cli/render/render_verify.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/jobs/verify.h"
#include "engine/jobs/verify_against.h"
#include "engine/naming/snapshot_name.h"

namespace varve {
namespace {

std::vector<OptionSpec> verify_option_specs() {
    std::vector<OptionSpec> specs{
        {"against", 0, "IMAGE", Repeat::once, "compare one snapshot with this image instead"}};
    for (OptionSpec& spec : image_option_specs()) specs.push_back(std::move(spec));
    return specs;
}

void check_verify_usage(const Arguments& arguments) {
    for (const std::string& name : arguments.operands()) parse_snapshot_name(name);
    if (arguments.has("against")) {
        if (arguments.operands().size() != 1)
            throw Error(ErrorCode::usage, "--against compares one snapshot with one image; name one snapshot");
        return;
    }
    for (const OptionSpec& spec : image_option_specs()) {
        if (arguments.has(spec.name)) throw Error(ErrorCode::usage, "--" + spec.name + " needs --against IMAGE");
    }
}

/// The named snapshots, each once, or all.
std::vector<SnapshotRecord> records_of(const Catalog& catalog, const std::vector<std::string>& names) {
    std::vector<SnapshotRecord> records;
    for (ListedSnapshot& s : names.empty() ? catalog.snapshots() : find_snapshots(catalog, names))
        records.push_back(std::move(s.record));
    return records;
}

ExitStatus run_verify(const Invocation& call) {
    check_verify_usage(call.arguments);
    const auto image_path = call.arguments.value("against");
    const bool as_json = call.arguments.has("json");
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    RepositoryAccess access(call.arguments, progress);
    VerifyReport report;
    access.run([&](Repository& repository) {
        const auto records = records_of(repository.catalog, call.arguments.operands());
        if (image_path) {
            const auto image = open_named_image(*image_path, image_options(call), progress).reader;
            report = verify_against(repository, records.front(), *image, progress, call.stop);
            for (Finding& finding : report.findings) {
                if (finding.object == "image") finding.object = *image_path;
            }
        } else {
            const auto scope = call.arguments.operands().empty() ? VerifyScope::repository : VerifyScope::snapshots;
            report = verify(repository, records, scope, progress, call.stop);
        }
    });
    if (!image_path) access.remember(report);
    progress.clear();
    const auto detail = call.arguments.has("verbose") ? FindingDetail::everything : FindingDetail::first;
    if (as_json)
        print_json(call.console, verify_json(report));
    else
        call.console.summary(verify_text(report, detail));
    return report.findings.empty() ? ExitStatus::done : ExitStatus::found;
}

}  // namespace

Verb verify_verb() {
    return {"verify",
            "[SNAP...]",
            "prove that snapshots can be restored",
            "Reads every byte of the named snapshots (of the whole repository if none is named) and\n"
            "checks it, whatever the catalog knows: the config, every log entry, packs against the\n"
            "log, maps and chunks against their ids. Exits with 3 when something is damaged, and\n"
            "ends with the number of nights that can be restored; before that it names those that\n"
            "cannot, and which bytes of them (with --verbose, also the damaged objects). This host\n"
            "remembers what is damaged, and no later backup builds on it. With --against IMAGE,\n"
            "compares the snapshot with an image; a difference is a finding, too.",
            "varve verify -r /backup/vms web01/vda@latest",
            {0, operands_unlimited, UsesRepository::yes, verify_option_specs()},
            run_verify};
}

}  // namespace varve
