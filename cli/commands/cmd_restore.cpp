#include <chrono>

#include <fmt/format.h>

#include "cli/commands/verbs.h"
#include "cli/options/byte_size.h"
#include "cli/options/format_word.h"
#include "cli/options/output_options.h"
#include "cli/options/standard_stream.h"
#include "cli/options/target_format.h"
#include "cli/render/render_restore.h"
#include "cli/repository/open_repository.h"
#include "cli/restore/appliance_restore.h"
#include "cli/restore/folder_restore.h"
#include "cli/restore/free_space.h"
#include "cli/restore/target_folder.h"
#include "cli/terminal/error_json.h"
#include "cli/terminal/json_document.h"
#include "cli/terminal/progress_bar.h"
#include "engine/base/error.h"
#include "engine/image/window_reader.h"
#include "engine/jobs/restore.h"
#include "engine/naming/group_point.h"
#include "engine/naming/snapshot_name.h"
#include "formats/create_image.h"

namespace varve {
namespace {

enum class TargetKind { image, folder, appliance };

/// What the command line asks for.
struct RestoreCall {
    std::vector<std::string> snapshots;  ///< their names; empty with a group
    std::optional<std::string> group;    ///< VM@WHEN
    std::string to;
    TargetKind kind = TargetKind::image;
    RestoreOptions options;

    bool is_for_several() const { return group || snapshots.size() > 1; }
    bool is_for_stdout() const { return to == "-"; }
};

/// What one call restored.
struct Restored {
    RestoredFiles files;
    std::optional<RestoredGroup> group;
};

[[noreturn]] void refuse_usage(const std::string& why) { throw Error(ErrorCode::usage, why); }

/// `restore SNAP out.qcow2`: a file name is not a snapshot, and the target needs --to.
void refuse_target_as_name(const std::string& name) {
    if (name.find('@') != name.npos) return;
    if (format_of_extension(name) || name.ends_with('/') || name.starts_with('/') || name == "-")
        refuse_usage(fmt::format("'{}' is not a snapshot; if it is the target, pass --to {}", name, name));
}

void check_names(const RestoreCall& call) {
    if (call.group && !call.snapshots.empty())
        refuse_usage(fmt::format("--group restores all disks of the group; omit '{}'", call.snapshots[0]));
    if (!call.group && call.snapshots.empty())
        refuse_usage(
            "restore needs a snapshot or a group: varve restore SNAP or --group VM@WHEN; `varve restore --help` "
            "explains both");
    for (const std::string& name : call.snapshots) {
        refuse_target_as_name(name);
        parse_snapshot_name(name);
    }
    if (call.group) parse_group_point_name(*call.group);
}

void check_target(const RestoreCall& call) {
    if (call.to.empty()) refuse_usage("the target is missing; pass --to PATH, or --to - for standard output");
    if (call.is_for_several() && call.options.range)
        refuse_usage("--range selects a part of one disk; name one snapshot only");
    if (call.is_for_several() && call.kind == TargetKind::image)
        refuse_usage(fmt::format(
            "several disks are restored into a folder or an appliance, and '{}' is neither; pass --to DIR/ or "
            "--to FILE.ova",
            call.to));
    if (call.kind == TargetKind::folder && call.options.range)
        refuse_usage("--range restores a part of one disk to a file or device, not into a folder; pass --to FILE");
}

/// --output-format, or its older name.
std::optional<std::string> output_format(const Arguments& arguments) {
    const auto format = format_word(arguments, "output-format");
    const auto alias = format_word(arguments, "format");
    if (format && alias && *format != *alias)
        refuse_usage(
            fmt::format("--output-format {} and --format {} contradict each other; omit one", *format, *alias));
    return format ? format : alias;
}

RestoreCall parse_call(const Invocation& invocation) {
    const Arguments& arguments = invocation.arguments;
    RestoreCall call;
    call.options.secret = invocation.target_secret;
    call.snapshots = arguments.operands();
    call.group = arguments.value("group");
    call.to = target_as_typed(arguments.value("to").value_or(""));
    call.options.format = output_format(arguments);
    call.options.creation = output_options(arguments);
    if (arguments.has("keep-mode")) call.options.mode = RestoreMode::recorded;
    call.options.is_dry_run = arguments.has("dry-run");
    call.options.overwrite = arguments.has("force") ? Overwrite::force : Overwrite::refuse;
    if (const auto range = arguments.value("range")) call.options.range = parse_byte_range(*range);
    call.options.space_check = space_check_of(arguments);
    if (arguments.has("allow-damage")) call.options.on_damage = OnDamage::write_zeros;
    if (arguments.has("zero-rest")) call.options.device_rest = DeviceRest::zeroed;
    if (!call.is_for_stdout() && means_folder(call.to))
        call.kind = TargetKind::folder;
    else if (means_appliance(call.to, call.options))
        call.kind = TargetKind::appliance;
    check_names(call);
    check_target(call);
    if (call.is_for_stdout() && arguments.has("json"))
        refuse_usage("--json and --to - both need standard output; omit one");
    return call;
}

RestoredDisk restore_image(const RestoreCall& call, const Repository& repository, const SnapshotRecord& snapshot,
                           Progress& progress, const std::stop_token& stop) {
    const auto start = std::chrono::steady_clock::now();
    const auto& range = call.options.range;
    if (range) check_range(snapshot, *range);
    const RestoreTarget target = restore_target(call.to, call.options, snapshot);
    const auto writer =
        call.options.is_dry_run && call.is_for_stdout() ? nullptr : create_restore_target(target, snapshot, progress);
    if (call.options.space_check == SpaceCheck::done) {
        const ByteRange part = range.value_or(ByteRange{{}, snapshot.size});
        const auto disk = image_to_restore(repository, snapshot, part, call.options.on_damage);
        const WindowReader window(*disk, part);
        const PlannedFile file = planned_file(target.path, target.format, target.options, window);
        check_free_space({&file, 1}, progress, stop);
    }
    if (call.options.is_dry_run) return {snapshot, target.path, target.format, range, {}, {}, {}};
    std::vector<Finding> damage = restore(repository, snapshot, *writer, progress, stop, range, call.options.on_damage);
    return {snapshot,
            target.path,
            target.format,
            range,
            writer->bytes_written(),
            std::chrono::steady_clock::now() - start,
            std::move(damage)};
}

std::string list_of(const std::vector<std::string>& disks) {
    std::string out;
    for (const std::string& disk : disks) out += fmt::format("{}'{}'", out.empty() ? "" : ", ", disk);
    return out;
}

void warn_of_forgotten(const GroupPoint& point, const RestoredGroup& group, Progress& progress) {
    if (group.forgotten.empty()) return;
    std::vector<std::string> remaining;
    for (const ListedSnapshot& member : point.members) remaining.push_back(member.record.disk);
    progress.warn(fmt::format("the group '{}' is incomplete: at this point {} {} forgotten, and only {} {} left",
                              group.name, list_of(group.forgotten), group.forgotten.size() == 1 ? "was" : "were",
                              list_of(remaining), remaining.size() == 1 ? "is" : "are"));
}

/// The snapshots that the call names. For a group, fills in `group`.
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

/// What it restores goes to `restored`, also when it fails or is stopped.
void restore_all(const RestoreCall& asked, const Invocation& call, Progress& progress, Restored& restored) {
    RepositoryAccess access(call.arguments, progress);
    FolderRestore folder(asked.to, asked.options);
    const auto job = [&](Repository& repository) {
        const auto snapshots = find_all(asked, repository, progress, restored.group);
        switch (asked.kind) {
            case TargetKind::image:
                restored.files.disks = {
                    restore_image(asked, repository, snapshots.front().record, progress, call.stop)};
                break;
            case TargetKind::folder:
                folder.run(repository, snapshots, progress, call.stop);
                restored.files = folder.files();
                break;
            case TargetKind::appliance:
                restored.files = restore_appliance(repository, snapshots, asked.to, asked.options, progress, call.stop);
                break;
        }
    };
    try {
        access.run(job);
    } catch (const Error&) {
        restored.files = folder.files();
        throw;
    }
}

/// `error` is why it failed, if it did.
Json json_of(const RestoreCall& asked, const Restored& restored, const Error* error = nullptr) {
    Json json = restored_json(restored.files, restored.group);
    json["dry_run"] = asked.options.is_dry_run;
    if (error != nullptr) json["error"] = error_json(*error);
    return json;
}

std::string report_text(const RestoreCall& asked, const Restored& restored) {
    return asked.options.is_dry_run ? planned_text(restored.files) : restored_text(restored.files);
}

ExitStatus run_restore(const Invocation& call) {
    const RestoreCall asked = parse_call(call);
    const bool as_json = call.arguments.has("json");
    ProgressBar progress(call.console, as_json ? BarMode::never : BarMode::when_terminal);
    Restored restored;
    try {
        restore_all(asked, call, progress, restored);
    } catch (const Error& error) {
        progress.clear();
        const bool has_report = restored.files.is_stopped || !restored.files.disks.empty();
        if (as_json && has_report) print_json(call.console, json_of(asked, restored, &error));
        call.console.flush();
        throw;
    }
    progress.clear();
    if (as_json)
        print_json(call.console, json_of(asked, restored));
    else if (asked.is_for_stdout())
        call.console.summary_aside(report_text(asked, restored));
    else
        call.console.summary(report_text(asked, restored));
    return restored.files.is_damaged() ? ExitStatus::found : ExitStatus::done;
}

std::vector<OptionSpec> restore_option_specs() {
    std::vector<OptionSpec> specs{
        {"to", 0, "PATH", Repeat::once, "file, folder or device to write to; - is standard output"},
        {"group", 0, "VM@WHEN", Repeat::once,
         "restore all disks of a group as they were backed up together: VM@latest, VM@~N or VM@WHEN"},
        {"range", 0, "OFF+LEN", Repeat::once,
         "restore only these bytes of the disk, as an image of LEN bytes; K, M, G, T are powers of 1024"},
        {"output-format", 'O', "F", Repeat::once, target_format_help()},
        {"format", 0, "F", Repeat::once, "the same as --output-format"},
        {"keep-mode", 0, "", Repeat::once,
         "give each disk the permissions of the file that was backed up (default: 0600)"},
        {"force", 0, "", Repeat::once, "overwrite existing files and devices"},
        {"allow-damage", 0, "", Repeat::once,
         "where the repository is damaged, write zeros, list the places and exit with 3"},
        zero_rest_spec(),
        no_space_check_spec(),
        dry_run_spec("write")};
    for (OptionSpec& spec : output_option_specs()) specs.push_back(std::move(spec));
    return specs;
}

}  // namespace

Verb restore_verb() {
    return {"restore",
            "SNAP... --to PATH|DIR/|-",
            "restore snapshots as disk images",
            "Writes the snapshot SNAP to the image file or block device PATH, or to standard output.\n"
            "The format is that of -O, else that of PATH's extension (.raw, .img, .qcow2, .vmdk,\n"
            ".vdi, .vhd, .vhdx, .qcow, .qed, .luks, .ova), else that of the disk that was backed up,\n"
            "with its options. Another extension is refused without -O. Devices are always raw, and so\n"
            "is standard output unless -O vmdk -o subformat=streamOptimized or -O vpc -o\n"
            "subformat=fixed is given. The disk of an encrypted image becomes a plain image unless -o\n"
            "encrypt.format=luks or -O luks is given. A file appears under its name when it is\n"
            "complete, readable by its owner only unless --keep-mode is given. Existing files and\n"
            "devices are overwritten only with --force; a symbolic link and a disk in use by its\n"
            "running machine never are.\n"
            "Several snapshots, or with --group all disks of a machine, are restored into a folder\n"
            "(DIR/), each under its own name, as in DIR/web01/vda.qcow2, with the attachments\n"
            "beside them; or together into one appliance (FILE.ova), whose descriptor is the\n"
            "attachment *.ovf that describes these disks, else a plain one.\n"
            "Whatever would not fit into the free space is refused before anything is written.",
            "varve restore -r /backup/vms --group web01@2026-11-20 --to /restore/",
            {0, operands_unlimited, UsesRepository::yes, restore_option_specs()},
            run_restore};
}

}  // namespace varve
