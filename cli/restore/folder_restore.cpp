#include "cli/restore/folder_restore.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "cli/restore/free_space.h"
#include "cli/restore/target_folder.h"
#include "cli/terminal/human_size.h"
#include "engine/base/error.h"
#include "engine/jobs/restore.h"
#include "engine/repository/attachment.h"
#include "formats/output/output_file.h"

namespace varve {
namespace {

constexpr std::size_t names_shown_max = 8;

/// A disk whose image has been started.
struct StartedDisk {
    SnapshotRecord snapshot;
    RestoreTarget target;
    std::unique_ptr<ImageWriter> writer;
};

struct StartedAttachment {
    Attachment attachment;
    std::string path;
    std::unique_ptr<Output> output;
};

/// The files still to be written. All are started before the first byte is written, so that each can refuse.
struct StartedFiles {
    std::vector<StartedDisk> disks;
    std::vector<StartedAttachment> attachments;
};

StartedFiles start_files(const RestorePlan& plan, TargetFolder& folder, const RestoreOptions& options,
                         const RestoredFiles& existing, Progress& progress) {
    StartedFiles started;
    for (const PlannedDisk& disk : plan.disks) {
        const std::string path = folder.path_of(disk.file.path());
        if (std::ranges::any_of(existing.disks, [&](const RestoredDisk& done) { return done.path == path; })) continue;
        RestoreTarget target = restore_target_in(folder.beneath(disk.file.folder), path, options, disk.snapshot);
        auto writer = create_restore_target(target, disk.snapshot, progress);
        started.disks.push_back({disk.snapshot, std::move(target), std::move(writer)});
    }
    for (const PlannedAttachment& planned : plan.attachments) {
        const std::string path = folder.path_of(planned.file.path());
        if (std::ranges::any_of(existing.attachments, [&](const auto& done) { return done.path == path; })) continue;
        auto output =
            create_output_file(path, {options.overwrite, {}, restored_mode}, &folder.beneath(planned.file.folder));
        started.attachments.push_back({planned.attachment, path, std::move(output)});
    }
    return started;
}

void check_space_in_folder(const Repository& repository, const StartedFiles& started, OnDamage on_damage,
                           Progress& progress, const std::stop_token& stop) {
    std::vector<std::unique_ptr<ImageReader>> images;
    std::vector<PlannedFile> files;
    for (const StartedDisk& disk : started.disks) {
        images.push_back(image_to_restore(repository, disk.snapshot, {{}, disk.snapshot.size}, on_damage));
        files.push_back({disk.target.path, disk.target.folder->path(), disk.target.format, disk.target.options,
                         images.back().get()});
    }
    check_free_space(files, progress, stop);
}

RestoredDisk finish(const Repository& repository, StartedDisk& disk, OnDamage on_damage, Progress& progress,
                    const std::stop_token& stop) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<Finding> damage = restore(repository, disk.snapshot, *disk.writer, progress, stop, {}, on_damage);
    const ByteCount written = disk.writer->bytes_written();
    disk.writer.reset();
    return {
        disk.snapshot,    disk.target.path, disk.target.format, {}, written, std::chrono::steady_clock::now() - start,
        std::move(damage)};
}

void finish(StartedAttachment& attachment, const Bytes& bytes) {
    attachment.output->write({}, bytes);
    attachment.output->commit();
    attachment.output.reset();
}

RestoredFiles planned_files(const StartedFiles& started) {
    RestoredFiles files;
    for (const StartedDisk& disk : started.disks)
        files.disks.push_back({disk.snapshot, disk.target.path, disk.target.format, {}, {}, {}, {}});
    for (const StartedAttachment& attachment : started.attachments)
        files.attachments.push_back({attachment.attachment.name, attachment.path, {attachment.attachment.bytes}});
    return files;
}

/// "'to/a.qcow2', 'to/b.qcow2'"
std::string list_existing(const RestoredFiles& existing) {
    std::vector<std::string> paths;
    for (const RestoredDisk& disk : existing.disks) paths.push_back(disk.path);
    for (const RestoredAttachment& attachment : existing.attachments) paths.push_back(attachment.path);
    std::string names;
    for (std::size_t i = 0; i < std::min(paths.size(), names_shown_max); ++i)
        names += fmt::format("{}'{}'", i == 0 ? "" : ", ", paths[i]);
    if (paths.size() > names_shown_max) names += fmt::format(" and {} more", paths.size() - names_shown_max);
    return names;
}

/// "stopped: 1 of 2 disks restored ('to/a.qcow2'); b was not"
Error stopped(const RestoredFiles& files, const RestorePlan& plan) {
    const std::string existing = list_existing(files);
    const std::string left = files.not_restored.empty() ? "the other attachments were not"
                                                        : fmt::format("{} {} not", fmt::join(files.not_restored, ", "),
                                                                      files.not_restored.size() == 1 ? "was" : "were");
    return Error(ErrorCode::cancelled,
                 fmt::format("stopped: {} of {} restored{}; {}", files.disks.size(), counted(plan.disks.size(), "disk"),
                             existing.empty() ? "" : fmt::format(" ({})", existing), left));
}

}  // namespace

void FolderRestore::run(const Repository& repository, std::span<const ListedSnapshot> snapshots, Progress& progress,
                        const std::stop_token& stop) {
    const RestorePlan plan = plan_restore(snapshots, options_.format, [&](const Attachment& a, const Attachment& b) {
        return read_attachment(repository.chunks, a) == read_attachment(repository.chunks, b);
    });
    TargetFolder folder(folder_);
    StartedFiles started = start_files(plan, folder, options_, files_, progress);
    try {
        if (options_.space_check == SpaceCheck::done)
            check_space_in_folder(repository, started, options_.on_damage, progress, stop);
        if (options_.is_dry_run) {
            files_ = planned_files(started);
            return;
        }
        for (StartedDisk& disk : started.disks)
            files_.disks.push_back(finish(repository, disk, options_.on_damage, progress, stop));
        for (StartedAttachment& started_file : started.attachments) {
            const Attachment& attachment = started_file.attachment;
            const auto bytes =
                attachment_to_restore(repository.chunks, attachment, options_.on_damage, files_.lost_attachments);
            if (!bytes) continue;
            finish(started_file, *bytes);
            files_.attachments.push_back({attachment.name, started_file.path, {bytes->size()}});
        }
    } catch (Error& error) {
        for (std::size_t i = files_.disks.size(); i < plan.disks.size(); ++i)
            files_.not_restored.push_back(plan.disks[i].snapshot.disk);
        files_.is_stopped = error.code() == ErrorCode::cancelled;
        if (files_.is_stopped) throw stopped(files_, plan);
        if (!files_.disks.empty() || !files_.attachments.empty())
            error.with_context(fmt::format("of {} and {} these are complete: {}", counted(plan.disks.size(), "disk"),
                                           counted(plan.attachments.size(), "attachment"), list_existing(files_)));
        throw;
    }
}

}  // namespace varve
