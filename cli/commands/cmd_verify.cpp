#include <string>
#include <vector>

#include "cli/commands/verbs.h"
#include "cli/commands/verify_step.h"
#include "cli/options/image_options.h"
#include "cli/options/percentage.h"
#include "cli/options/time_limit.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/jobs/verify_against.h"
#include "engine/naming/snapshot_name.h"

namespace varve {
namespace {

std::vector<OptionSpec> verify_option_specs() {
    std::vector<OptionSpec> specs{
        {"sample", 0, "PERCENT", Repeat::once, "read so much of the data, as in 5%: what was verified longest ago"},
        time_limit_spec("begin no more packs after so many seconds; the next run goes on"),
        {"against", 0, "IMAGE", Repeat::once, "compare one snapshot with this image instead"}};
    for (OptionSpec& spec : image_option_specs()) specs.push_back(std::move(spec));
    return specs;
}

void check_verify_usage(const Arguments& arguments) {
    for (const std::string& name : arguments.operands()) parse_snapshot_name(name);
    if (arguments.has("against")) {
        if (arguments.operands().size() != 1)
            throw Error(ErrorCode::usage, "--against compares one snapshot with one image; name one snapshot");
        for (const char* limit : {"sample", "max-seconds"})
            if (arguments.has(limit))
                throw Error(ErrorCode::usage, std::string("--") + limit +
                                                  " is for verifying a repository; --against compares all of a "
                                                  "snapshot: leave one of them out");
        return;
    }
    for (const OptionSpec& spec : image_option_specs()) {
        if (arguments.has(spec.name)) throw Error(ErrorCode::usage, "--" + spec.name + " needs --against IMAGE");
    }
}

VerifyRequest verify_request_of(const Arguments& arguments) {
    VerifyRequest request;
    request.scope = arguments.operands().empty() ? VerifyScope::repository : VerifyScope::snapshots;
    if (const auto sample = arguments.value("sample")) request.sample = parse_percentage(*sample, "--sample");
    request.deadline = time_limit(arguments);
    return request;
}

VerifyReport compare_with_image(const Invocation& call, const std::string& path, Progress& progress) {
    RepositoryAccess access(call.arguments, progress);
    VerifyReport report;
    access.run([&](Repository& repository) {
        const auto records = snapshots_to_verify(repository.catalog, call.arguments.operands());
        const auto image = open_named_image(path, image_options(call), progress).reader;
        report = verify_against(repository, records.front(), *image, progress, call.stop);
    });
    for (Finding& finding : report.findings) {
        if (finding.object == "image") finding.object = path;
    }
    return report;
}

ExitStatus run_verify(const Invocation& call) {
    check_verify_usage(call.arguments);
    const VerifyRequest request = verify_request_of(call.arguments);
    const auto image_path = call.arguments.value("against");
    ProgressBar progress(call.console, call.arguments.has("json") ? BarMode::never : BarMode::when_terminal);
    const VerifyReport report =
        image_path ? compare_with_image(call, *image_path, progress) : verify_repository(call, request, progress);
    progress.clear();
    return print_report(call, report);
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
            "remembers what is damaged, and no later backup builds on it.\n\n"
            "--sample 5% and --max-seconds N limit how much of the disks' data is read; everything\n"
            "else is checked as by varve check. This host remembers when each pack was verified, and\n"
            "a limited run takes those verified longest ago, so twenty runs with 5% read everything.\n"
            "With --against IMAGE, compares the snapshot with an image; a difference is a finding,\n"
            "too.",
            "varve verify -r /backup/vms web01/vda@latest",
            {0, operands_unlimited, UsesRepository::yes, verify_option_specs()},
            run_verify};
}

}  // namespace varve
