#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cli/backup/all_snapshots_backup.h"
#include "cli/backup/attached_files.h"
#include "cli/backup/disk_mixup.h"
#include "cli/backup/source_opener.h"
#include "cli/commands/verbs.h"
#include "cli/options/image_options.h"
#include "cli/render/render_backup.h"
#include "cli/render/render_plan.h"
#include "cli/repository/open_repository.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/backup/backup.h"
#include "engine/backup/dry_run.h"
#include "engine/base/error.h"
#include "engine/naming/disk_name.h"
#include "formats/appliance/package_reader.h"

namespace varve {
namespace {

/// The message, prefixed with the source unless it already names it.
std::string naming(const std::string& path, const std::string& message) {
    const bool is_named = message.find("'" + path + "'") != message.npos;
    return is_named ? message : fmt::format("{}: {}", path, message);
}

std::vector<NamedSource> sources_of_appliance(const Invocation& call) {
    const Arguments& arguments = call.arguments;
    const std::string& path = arguments.operands().front();
    for (const char* other : {"member", "all-snapshots"})
        if (arguments.has(other))
            throw Error(ErrorCode::usage, fmt::format("--all-disks and --{} cannot be combined", other));
    if (arguments.operands().size() != 1 || path == "-")
        throw Error(ErrorCode::usage, "--all-disks needs one appliance (.ova, .ovf)");
    const auto package = open_named_package(path, image_options(call));
    if (!package)
        throw Error(ErrorCode::usage,
                    fmt::format("--all-disks needs an appliance (.ova, .ovf), and '{}' is not one", path));
    std::vector<std::string> members;
    for (const appliance::PackagedDisk& disk : package->disks()) members.push_back(disk.name);
    if (members.empty()) throw Error(ErrorCode::refused, fmt::format("'{}' has no disks to back up", path));
    return appliance_sources(path, members, arguments.values("disk"));
}

std::vector<NamedSource> sources_of(const Invocation& call) {
    if (call.arguments.has("all-disks")) return sources_of_appliance(call);
    return backup_sources(call.arguments.operands(), call.arguments.values("disk"));
}

/// The group named on the command line; --all-disks implies one named after the appliance.
std::optional<std::string> group_of(const Arguments& arguments) {
    auto group = arguments.value("group");
    if (!group && arguments.has("all-disks"))
        group = std::filesystem::path(arguments.operands().front()).stem().string();
    if (!group) return group;
    if (const auto fault = disk_name_fault(*group))
        throw Error(ErrorCode::usage, fmt::format("the group name '{}' {}; pass --group NAME", *group, *fault));
    return group;
}

/// One call of `backup`.
class BackupCall {
public:
    explicit BackupCall(const Invocation& call)
        : call_(call),
          arguments_(call.arguments),
          progress_(call.console, arguments_.has("json") ? BarMode::never : BarMode::when_terminal),
          sources_(sources_of(call)),
          group_(group_of(arguments_)),
          opener_(call, progress_) {
        check_options_fit();
        attachments_ = read_attached_files(arguments_.values("attach"));
    }

    ExitStatus run();

private:
    void check_options_fit() const;
    void check_stdin_options() const;
    void back_up_each(RepositoryAccess& access);
    void back_up_group(RepositoryAccess& access);
    void back_up(RepositoryAccess& access, OpenedSource& input);
    void back_up_all_snapshots(RepositoryAccess& access, const NamedSource& source);
    void plan(RepositoryAccess& access, const NamedSource& source);
    void note(const std::string& path, const SnapshotRecord& snapshot);
    void note_failure(const std::string& path, const Error& error);
    void note_stop();
    void print_report();

    const Invocation& call_;
    const Arguments& arguments_;
    ProgressBar progress_;
    std::vector<NamedSource> sources_;
    std::optional<std::string> group_;  ///< the name under which all are committed together
    SourceOpener opener_;
    std::vector<FileToAttach> attachments_;
    BackupReport report_;
    std::vector<SourcePlan> plans_;  ///< of a dry run
};

void BackupCall::check_options_fit() const {
    check_stdin_options();
    if (!arguments_.has("all-snapshots")) return;
    for (const char* other : {"snapshot", "time", "group", "dry-run"})
        if (arguments_.has(other))
            throw Error(ErrorCode::usage, fmt::format("--all-snapshots and --{} cannot be combined: each snapshot is a "
                                                      "commit of its own, with its own time",
                                                      other));
}

void BackupCall::check_stdin_options() const {
    if (std::ranges::none_of(sources_, &NamedSource::is_pipe)) return;
    if (arguments_.has("dry-run"))
        throw Error(ErrorCode::usage, "a dry run cannot read standard input or a pipe; omit --dry-run");
    if (arguments_.has("snapshot") || arguments_.has("all-snapshots"))
        throw Error(ErrorCode::usage,
                    "standard input and pipes have no snapshots; omit --snapshot and --all-snapshots");
}

ExitStatus BackupCall::run() {
    RepositoryAccess access(arguments_, progress_);
    if (!arguments_.has("dry-run")) access.announce("backup");
    try {
        if (group_ && !arguments_.has("dry-run"))
            back_up_group(access);
        else
            back_up_each(access);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::cancelled || arguments_.has("dry-run")) throw;
        note_stop();
        print_report();
        throw Error(ErrorCode::cancelled, stopped_text(report_));
    }
    print_report();
    if (!report_.failed.empty()) return ExitStatus::failed;
    const auto is_whole = [](const SnapshotRecord& r) { return r.unreadable.empty(); };
    return std::ranges::all_of(report_.snapshots, is_whole) ? ExitStatus::done : ExitStatus::found;
}

void BackupCall::note_failure(const std::string& path, const Error& error) {
    if (error.code() == ErrorCode::cancelled) throw error;
    progress_.clear();
    call_.console.error(naming(path, error.what()), error_word(error.code()));
    report_.failed.push_back({path, error.code(), error.what()});
}

void BackupCall::note(const std::string& path, const SnapshotRecord& snapshot) {
    report_.snapshots.push_back(snapshot);
    warn_of_other_content(snapshot, progress_);
    if (!snapshot.unreadable.empty()) progress_.warn(naming(path, unreadable_text(snapshot.unreadable)));
}

/// A disk is done when its active state is committed, or the snapshot that was asked for.
void BackupCall::note_stop() {
    report_.is_stopped = true;
    const auto is_done = [&](const SnapshotRecord& r) {
        return is_active_state(r) || !arguments_.has("all-snapshots");
    };
    for (const NamedSource& source : sources_) {
        const bool is_backed_up = std::ranges::any_of(
            report_.snapshots, [&](const SnapshotRecord& r) { return r.disk == source.disk && is_done(r); });
        const bool has_failed =
            std::ranges::find(report_.failed, source.path, &FailedSource::source) != report_.failed.end();
        if (!is_backed_up && !has_failed) report_.not_backed_up.push_back(source.disk);
    }
}

void BackupCall::back_up_each(RepositoryAccess& access) {
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        const NamedSource& source = sources_[i];
        progress_.show_subject(source.disk, i + 1, sources_.size());
        try {
            if (arguments_.has("dry-run")) {
                plan(access, source);
            } else if (arguments_.has("all-snapshots")) {
                back_up_all_snapshots(access, source);
            } else {
                OpenedSource input = opener_.open(source, access.spool_folder());
                back_up(access, input);
            }
        } catch (const Error& error) {
            note_failure(source.path, error);
        }
    }
}

void BackupCall::back_up(RepositoryAccess& access, OpenedSource& input) {
    SnapshotRecord snapshot;
    std::vector<FileToAttach> attachments = attachments_;
    add_attachments(attachments, std::move(input.attachments), progress_);
    access.run([&](Repository& repository) {
        opener_.check_fits(repository, input);
        const BackupGroup group{"", {{input.image.get(), input.request}}, attachments};
        snapshot = backup(repository, group, progress_, call_.stop).front();
    });
    note(input.source.path, snapshot);
}

void BackupCall::back_up_all_snapshots(RepositoryAccess& access, const NamedSource& source) {
    AllSnapshotsBackup all(opener_, opener_.open(source, access.spool_folder()), attachments_);
    all.run(access, progress_, call_.stop,
            {[&](const SnapshotRecord& snapshot) { note(source.path, snapshot); },
             [&](const ImageSnapshot& snapshot, const Error& error) {
                 note_failure(fmt::format("{} (snapshot '{}')", source.path, snapshot.name), error);
             }});
    for (const SkippedSnapshot& skipped : all.skipped()) report_.skipped.push_back(skipped);
}

/// All or none: if one source fails, every source is reported as failed.
void BackupCall::back_up_group(RepositoryAccess& access) {
    std::string culprit;
    try {
        std::vector<OpenedSource> inputs;
        for (const NamedSource& source : sources_) {
            culprit = source.path;
            inputs.push_back(opener_.open(source, access.spool_folder()));
            add_attachments(attachments_, std::move(inputs.back().attachments), progress_);
        }
        std::vector<SnapshotRecord> snapshots;
        access.run([&](Repository& repository) {
            BackupGroup group{*group_, {}, attachments_};
            for (OpenedSource& input : inputs) {
                culprit = input.source.path;
                opener_.check_fits(repository, input);
                group.disks.push_back({input.image.get(), input.request});
            }
            culprit.clear();  // the job itself names the disk
            snapshots = backup(repository, group, progress_, call_.stop);
        });
        for (std::size_t i = 0; i < snapshots.size(); ++i) note(sources_[i].path, snapshots[i]);
    } catch (const Error& error) {
        note_failure(culprit.empty() ? *group_ : culprit, error);
        for (const NamedSource& source : sources_)
            if (source.path != culprit)
                report_.failed.push_back({source.path, error.code(), "not committed because its group failed"});
    }
}

void BackupCall::plan(RepositoryAccess& access, const NamedSource& source) {
    OpenedSource input = opener_.open(source, access.spool_folder());
    access.run([&](Repository& repository) {
        opener_.check_fits(repository, input);
        plans_.push_back({plan_backup(repository.catalog, {input.image.get(), input.request}, progress_, call_.stop),
                          input.request.source, input.layers});
    });
}

void BackupCall::print_report() {
    progress_.clear();
    const bool as_json = arguments_.has("json");
    const bool is_dry_run = arguments_.has("dry-run");
    if (as_json)
        print_json(call_.console, is_dry_run ? plan_json(plans_, report_.failed) : backup_json(report_));
    else if (is_dry_run)
        call_.console.print(plan_text(plans_));
    else
        call_.console.summary(backup_text(report_));
    call_.console.flush();
}

ExitStatus run_backup(const Invocation& call) { return BackupCall(call).run(); }

std::vector<OptionSpec> backup_option_specs() {
    std::vector<OptionSpec> specs{
        {"disk", 0, "NAME", Repeat::many,
         "name of the disk, e.g. web01/vda; pass it once per source, in the same order (default: the file name "
         "without its extension)"},
        {"group", 0, "VM", Repeat::once, "commit all disks together under this name, or none of them"},
        {"attach", 0, "FILE", Repeat::many, "also store this small file (a machine's XML, its NVRAM; up to 16 MiB)"},
        {"all-snapshots", 0, "", Repeat::once,
         "also back up every snapshot inside the image, or of the volume, that the repository does not have yet, "
         "oldest first"},
        {"all-disks", 0, "", Repeat::once,
         "back up all disks of an appliance together, as a group named after its file unless --group is given"},
        {"audit", 0, "N", Repeat::once,
         "unchanged chunks to re-read to verify the change source (default 256, 0 = off)"},
        {"tag", 0, "K=V", Repeat::many, "add this tag to the snapshot"},
        {"time", 0, "T", Repeat::once,
         "time of the snapshot (default: now): 2026-11-20 or 2026-11-20T02:30:15, with Z or an "
         "offset, else in local time"},
        {"force", 0, "", Repeat::once, "accept a --time that lies ahead of this host's clock"}};
    specs.push_back({"dry-run", 'n', "", Repeat::once, "show what would be read and why; read no data, write nothing"});
    specs.push_back(read_errors_spec());
    for (OptionSpec& spec : image_option_specs()) specs.push_back(std::move(spec));
    return specs;
}

}  // namespace

Verb backup_verb() {
    return {"backup",
            "SOURCE...",
            "back up disk images, devices or volumes",
            "Reads each SOURCE (a disk image, a block device, a logical volume lvm:VG/LV, or - for\n"
            "standard input, which is raw unless --format is given) and stores what the repository\n"
            "does not have yet. NAME=SOURCE names its disk, as in web01/vda=vm/web01.qcow2. Each\n"
            "source becomes a snapshot of its own; if one fails, it is reported and the others\n"
            "continue. With --group they are one commit: all or none. The disk of a running machine\n"
            "is refused: shut it down, or let it write to an overlay and back up the base; of a\n"
            "logical volume in use, create a snapshot and back that up (examples/lvm-nightly.sh). Of\n"
            "an appliance (.ova, or an .ovf beside its files), the only disk is backed up, or the one\n"
            "that --member names, or with --all-disks all of them; its descriptor is attached.\n"
            "Standard input is first copied to a temporary file, since its size is known only at the\n"
            "end: in $TMPDIR, else in the cache folder; zero blocks take no space there. The disk of\n"
            "an encrypted image (--secret-file) is stored as the guest sees it, not encrypted: keep\n"
            "such a repository on an encrypted disk.",
            "varve backup -r /backup/vms --disk web01/vda web01.qcow2",
            {1, operands_unlimited, UsesRepository::yes, backup_option_specs()},
            run_backup};
}

}  // namespace varve
