#include <chrono>

#include <fmt/format.h>

#include "cli/human_size.h"
#include "cli/json.h"
#include "cli/open_repository.h"
#include "cli/progress_bar.h"
#include "cli/render_snapshot.h"
#include "cli/restore_target.h"
#include "cli/verbs.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/restore.h"
#include "engine/snapshot_name.h"

namespace varve {
namespace {

struct RestoreReport {
    SnapshotRecord snapshot;
    RestoreTarget target;
    ByteCount bytes_written;
    std::chrono::nanoseconds duration{};
};

std::string restore_text(const RestoreReport& r) {
    return fmt::format("restored {}\n  to {} as {}\n  {} written in {}\n", title_of(r.snapshot),
                       escape_for_display(r.target.path), escape_for_display(r.target.format),
                       human_size(r.bytes_written), human_seconds(std::chrono::duration<double>(r.duration).count()));
}

Json restore_json(const RestoreReport& r) {
    Json json;
    json["snapshot"] = r.snapshot.id.hex();
    json["path"] = r.target.path;
    json["format"] = r.target.format;
    json["bytes_written"] = r.bytes_written.value;
    json["seconds"] = json_seconds(r.duration);
    return json;
}

void check_usage(const Arguments& arguments) {
    parse_snapshot_name(arguments.operands()[0]);
    if (!arguments.has("to"))
        throw Error(ErrorCode::usage, "where to restore to is missing; say --to PATH, or --to - for standard output");
    if (arguments.value("to") == "-" && arguments.has("json"))
        throw Error(ErrorCode::usage, "--json and --to - both want standard output; leave one out");
}

RestoreReport restore_one(const Invocation& call, Repository& repository, Progress& progress) {
    const auto begun = std::chrono::steady_clock::now();
    const Arguments& arguments = call.arguments;
    RestoreReport report;
    report.snapshot = find_snapshot(repository.catalog, arguments.operands()[0]).record;
    const auto overwrite = arguments.has("force") ? Overwrite::force : Overwrite::refuse;
    report.target = restore_target(*arguments.value("to"), arguments.value("format"), overwrite, report.snapshot);
    const auto writer = create_restore_target(report.target, report.snapshot);
    restore(repository, report.snapshot, *writer, progress, call.stop);
    report.bytes_written = writer->bytes_written();
    report.duration = std::chrono::steady_clock::now() - begun;
    return report;
}

ExitStatus run_restore(const Invocation& call) {
    check_usage(call.arguments);
    const bool to_stdout = call.arguments.value("to") == "-";
    const bool as_json = call.arguments.has("json");
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    RepositoryAccess access(call.arguments, progress);
    RestoreReport report;
    access.run([&](Repository& repository) { report = restore_one(call, repository, progress); },
               to_stdout ? OnDamage::fail : OnDamage::repeat);
    progress.clear();
    if (as_json)
        call.console.print(json_text(restore_json(report)));
    else if (to_stdout)
        call.console.summary_aside(restore_text(report));
    else
        call.console.summary(restore_text(report));
    return ExitStatus::done;
}

}  // namespace

Verb restore_verb() {
    return {"restore",
            "SNAP --to PATH|-",
            "give a snapshot back as a disk image",
            "Writes the snapshot SNAP to the image file or block device PATH, or to standard\n"
            "output as raw. The format is --format, else what the ending of PATH says (.qcow2,\n"
            ".raw, .img), else that of the disk that was backed up; devices are always raw. A\n"
            "file appears under its name when it is whole. What exists is overwritten only with\n"
            "--force; a symbolic link never, and a disk in use (by its running machine) never.",
            "varve restore -r /backup/vms web01/vda@2026-11-20 --to web01.qcow2",
            {1,
             1,
             UsesRepository::yes,
             {{"to", 0, "PATH", Repeat::once, "the file or device to write; - is standard output"},
              {"format", 0, "F", Repeat::once, "format to write (raw, qcow2)"},
              {"force", 0, "", Repeat::once, "overwrite PATH if it exists"}}},
            run_restore};
}

}  // namespace varve
