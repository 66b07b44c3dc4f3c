#include "cli/commands/verify_step.h"

#include <fmt/format.h>

#include "cli/render/render_verify.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/human_size.h"
#include "cli/terminal/json_document.h"
#include "engine/base/error.h"
#include "engine/jobs/verify.h"
#include "engine/naming/snapshot_name.h"

namespace varve {
namespace {

std::string stopped_verify_text(const VerifyReport& report) {
    if (report.mode == VerifyMode::structure)
        return fmt::format("stopped on request: {} checked, {}", counted(report.checked_packs, "pack"),
                           counted(report.findings.size(), "finding"));
    return fmt::format(
        "stopped on request: {} of {} read, {}; a verify with --sample or --max-seconds goes on with the "
        "others",
        human_count(report.read_packs.size()), counted(report.data_packs, "data pack"),
        counted(report.findings.size(), "finding"));
}

}  // namespace

std::vector<SnapshotRecord> snapshots_to_verify(const Catalog& catalog, const std::vector<std::string>& names) {
    std::vector<SnapshotRecord> records;
    for (ListedSnapshot& s : names.empty() ? catalog.snapshots() : find_snapshots(catalog, names))
        records.push_back(std::move(s.record));
    return records;
}

VerifyReport verify_repository(const Invocation& call, VerifyRequest request, Progress& progress) {
    RepositoryAccess access(call.arguments, progress);
    request.last_verified = access.verify_times();
    VerifyReport report;
    access.run([&](Repository& repository) {
        const auto records = snapshots_to_verify(repository.catalog, call.arguments.operands());
        report = verify(repository, records, request, progress, call.stop);
    });
    access.remember(report);
    if (report.is_stopped) throw Error(ErrorCode::cancelled, stopped_verify_text(report));
    return report;
}

ExitStatus print_report(const Invocation& call, const VerifyReport& report) {
    const auto detail = call.arguments.has("verbose") ? FindingDetail::everything : FindingDetail::first;
    if (call.arguments.has("json"))
        print_json(call.console, report.mode == VerifyMode::structure ? check_json(report) : verify_json(report));
    else
        call.console.summary(verify_text(report, detail));
    return report.findings.empty() ? ExitStatus::done : ExitStatus::found;
}

}  // namespace varve
