#include <chrono>

#include <fmt/format.h>

#include "cli/options/byte_size.h"
#include "cli/options/output_options.h"
#include "cli/options/target_format.h"
#include "cli/render/render_restore.h"
#include "cli/repository/open_repository.h"
#include "cli/restore/appliance_restore.h"
#include "cli/restore/folder_restore.h"
#include "cli/restore/free_space.h"
#include "cli/restore/target_folder.h"
#include "cli/terminal/progress_bar.h"
#include "cli/verbs.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/image/window_reader.h"
#include "engine/jobs/restore.h"
#include "engine/naming/group_point.h"
#include "engine/naming/snapshot_name.h"
#include "engine/repository/snapshot_reader.h"

namespace varve {
namespace {

/// What the words on the command line ask for.
struct RestoreCall {
    std::vector<std::string> snapshots;  ///< their names; empty with a group
    std::optional<std::string> group;    ///< VM@WHEN
    std::string to;
    bool to_folder = false;
    bool to_appliance = false;
    RestoreWishes wishes;
    SpaceCheck space_check = SpaceCheck::done;
};

[[noreturn]] void refuse_usage(const std::string& why) { throw Error(ErrorCode::usage, why); }

void check_names(const RestoreCall& call) {
    if (call.group && !call.snapshots.empty())
        refuse_usage("--group stands for the snapshots of all its disks; leave '" +
                     escape_for_display(call.snapshots[0]) + "' out");
    if (!call.group && call.snapshots.empty())
        refuse_usage(
            "1 name is expected after 'restore', 0 given; say SNAP or --group VM@WHEN, `varve restore --help` "
            "shows how it is used");
    for (const std::string& name : call.snapshots) parse_snapshot_name(name);
    if (call.group) parse_group_point_name(*call.group);
}

void check_target(const RestoreCall& call) {
    if (call.to.empty()) refuse_usage("where to restore to is missing; say --to PATH, or --to - for standard output");
    const bool is_for_several = call.group || call.snapshots.size() > 1;
    if (is_for_several && call.wishes.range)
        refuse_usage("--range gives a part of one disk; say the one SNAP that it is of");
    if (is_for_several && !call.to_folder && !call.to_appliance)
        refuse_usage(
            fmt::format("several disks go into a folder or one appliance, and '{}' is neither; say --to DIR/ "
                        "or --to FILE.ova",
                        escape_for_display(call.to)));
    if (call.to_folder && call.wishes.range)
        refuse_usage("--range gives a part of one disk to one file or device, not into a folder; say --to FILE");
}

RestoreCall parse_call(const Arguments& arguments) {
    RestoreCall call;
    call.snapshots = arguments.operands();
    call.group = arguments.value("group");
    call.to = arguments.value("to").value_or("");
    call.to_folder = call.to != "-" && means_folder(call.to);
    call.wishes.format = arguments.value("format");
    call.wishes.options = parse_output_options(arguments.values("options"));
    call.wishes.overwrite = arguments.has("force") ? Overwrite::force : Overwrite::refuse;
    if (const auto range = arguments.value("range")) call.wishes.range = parse_byte_range(*range);
    if (arguments.has(no_space_check_option)) call.space_check = SpaceCheck::skipped;
    call.to_appliance = !call.to_folder && means_appliance(call.to, call.wishes);
    check_names(call);
    check_target(call);
    if (call.to == "-" && arguments.has("json"))
        refuse_usage("--json and --to - both want standard output; leave one out");
    return call;
}

void check_space(const Repository& repository, const RestoreCall& call, const RestoredDisk& disk, Progress& progress,
                 const std::stop_token& stop) {
    if (call.space_check == SpaceCheck::skipped || !disk.target.is_file()) return;
    const SnapshotReader whole(repository.chunks, disk.snapshot);
    const WindowReader wanted(whole, disk.range.value_or(ByteRange{{}, disk.snapshot.size}));
    const PlannedFile file = planned_file(disk.target.path, disk.target.format, disk.target.options, wanted);
    check_free_space({&file, 1}, progress, stop);
}

RestoredDisk restore_one(const RestoreCall& call, const Repository& repository, Progress& progress,
                         const std::stop_token& stop) {
    const auto begun = std::chrono::steady_clock::now();
    RestoredDisk disk;
    disk.snapshot = find_snapshot(repository.catalog, call.snapshots[0]).record;
    disk.range = call.wishes.range;
    if (disk.range) check_range(disk.snapshot, *disk.range);
    disk.target = restore_target(call.to, call.wishes, disk.snapshot);
    const auto writer = create_restore_target(disk.target, disk.snapshot);
    check_space(repository, call, disk, progress, stop);
    restore(repository, disk.snapshot, *writer, progress, stop, disk.range);
    disk.bytes_written = writer->bytes_written();
    disk.duration = std::chrono::steady_clock::now() - begun;
    return disk;
}

ExitStatus run_into_one(const RestoreCall& asked, const Invocation& call, ProgressBar& progress) {
    RepositoryAccess access(call.arguments, progress);
    RestoredDisk disk;
    access.run([&](Repository& repository) { disk = restore_one(asked, repository, progress, call.stop); },
               asked.to == "-" ? OnDamage::fail : OnDamage::repeat);
    progress.clear();
    if (call.arguments.has("json"))
        call.console.print(json_text(restored_json(disk)));
    else if (asked.to == "-")
        call.console.summary_aside(restored_text(disk));
    else
        call.console.summary(restored_text(disk));
    return ExitStatus::done;
}

std::string list_of(const std::vector<std::string>& disks) {
    std::string out;
    for (const std::string& disk : disks)
        out += fmt::format("{}'{}'", out.empty() ? "" : ", ", escape_for_display(disk));
    return out;
}

void warn_of_forgotten(const GroupPoint& point, const RestoredGroup& group, Progress& progress) {
    if (group.forgotten.empty()) return;
    std::vector<std::string> there;
    for (const ListedSnapshot& member : point.members) there.push_back(member.record.disk);
    progress.warn(fmt::format("the group '{}' is not whole: of this point {} {} forgotten, and only {} {} there",
                              escape_for_display(group.name), list_of(group.forgotten),
                              group.forgotten.size() == 1 ? "was" : "were", list_of(there),
                              there.size() == 1 ? "is" : "are"));
}

/// The snapshots that were asked for; `group` tells of their group, if that was.
std::vector<ListedSnapshot> find_all(const RestoreCall& call, const Repository& repository, Progress& progress,
                                     std::optional<RestoredGroup>& group) {
    if (call.group) {
        GroupPoint point = find_group_point(repository.catalog, *call.group);
        group = RestoredGroup{point.group, forgotten_disks(repository.log, point)};
        warn_of_forgotten(point, *group, progress);
        return std::move(point.members);
    }
    std::vector<ListedSnapshot> found;
    for (const std::string& name : call.snapshots) found.push_back(find_snapshot(repository.catalog, name));
    return found;
}

ExitStatus run_into_folder(const RestoreCall& asked, const Invocation& call, ProgressBar& progress) {
    RepositoryAccess access(call.arguments, progress);
    FolderRestore restore(asked.to, asked.wishes, asked.space_check);
    std::optional<RestoredGroup> group;
    access.run([&](Repository& repository) {
        const auto snapshots = find_all(asked, repository, progress, group);
        restore.run(repository, snapshots, progress, call.stop);
    });
    progress.clear();
    if (call.arguments.has("json"))
        call.console.print(json_text(restored_json(restore.files(), group)));
    else
        call.console.summary(restored_text(restore.files()));
    return ExitStatus::done;
}

ExitStatus run_into_appliance(const RestoreCall& asked, const Invocation& call, ProgressBar& progress) {
    RepositoryAccess access(call.arguments, progress);
    RestoredFiles restored;
    std::optional<RestoredGroup> group;
    access.run([&](Repository& repository) {
        const auto snapshots = find_all(asked, repository, progress, group);
        restored = restore_appliance(repository, snapshots, asked.to, asked.wishes, progress, call.stop);
    });
    progress.clear();
    if (call.arguments.has("json"))
        call.console.print(json_text(asked.group || asked.snapshots.size() > 1 ? restored_json(restored, group)
                                                                               : restored_alone_json(restored)));
    else
        call.console.summary(restored_text(restored));
    return ExitStatus::done;
}

ExitStatus run_restore(const Invocation& call) {
    const RestoreCall asked = parse_call(call.arguments);
    ProgressBar progress(call.console, call.arguments.has("json") ? BarMode::never : BarMode::when_terminal);
    if (asked.to_folder) return run_into_folder(asked, call, progress);
    if (asked.to_appliance) return run_into_appliance(asked, call, progress);
    return run_into_one(asked, call, progress);
}

std::vector<OptionSpec> option_specs() {
    return {{"to", 0, "PATH", Repeat::once, "the file, folder or device to write; - is standard output"},
            {"group", 0, "VM@WHEN", Repeat::once,
             "all disks of a group as they were backed up together: VM@latest, VM@~N or VM@WHEN"},
            {"range", 0, "OFF+LEN", Repeat::once,
             "only these bytes of the disk, as an image of LEN bytes; K, M, G, T are powers of 1024"},
            {"format", 0, "F", Repeat::once, target_format_help()},
            output_option_spec(),
            {"force", 0, "", Repeat::once, "overwrite what exists"},
            no_space_check_spec()};
}

}  // namespace

Verb restore_verb() {
    return {"restore",
            "SNAP... --to PATH|DIR/|-",
            "give snapshots back as disk images",
            "Writes the snapshot SNAP to the image file or block device PATH, or to standard\n"
            "output. The format is --format, else what the ending of PATH says (.qcow2, .raw,\n"
            ".img, .vmdk, .ova), else that of the disk that was backed up, with its options;\n"
            "devices are always raw, and standard output is unless --format vmdk\n"
            "-o subformat=streamOptimized says otherwise. A file appears under its name when it is\n"
            "whole. What exists is overwritten only with --force; a symbolic link never, and a\n"
            "disk in use (by its running machine) never.\n"
            "Into a folder (DIR/) go several snapshots, or with --group all disks of a machine,\n"
            "each under its own name, as DIR/web01/vda.qcow2, with the attachments beside them.\n"
            "Into one appliance (FILE.ova) they go together; an attachment *.ovf that describes\n"
            "them is its descriptor, else a plain one is written.\n"
            "What does not fit into the space that is free is refused before it is begun.",
            "varve restore -r /backup/vms --group web01@2026-11-20 --to /restore/",
            {0, operands_unlimited, UsesRepository::yes, option_specs()},
            run_restore};
}

}  // namespace varve
