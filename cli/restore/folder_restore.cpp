#include "cli/restore/folder_restore.h"

#include <algorithm>
#include <list>
#include <memory>

#include <fmt/format.h>

#include "cli/restore/free_space.h"
#include "cli/restore/target_folder.h"
#include "cli/terminal/human_size.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/jobs/restore.h"
#include "engine/repository/attachment.h"
#include "engine/repository/snapshot_reader.h"
#include "formats/output/output_file.h"

namespace varve {
namespace {

constexpr std::size_t names_shown_max = 8;

/// A disk whose image is begun.
struct BegunDisk {
    SnapshotRecord snapshot;
    RestoreTarget target;
    std::unique_ptr<ImageWriter> writer;
};

struct BegunAttachment {
    Attachment attachment;
    std::string path;
    std::unique_ptr<Output> output;
};

/// The files that are still to be written; all are begun before the first byte, so that each can refuse.
struct BegunFiles {
    std::vector<BegunDisk> disks;
    std::vector<BegunAttachment> attachments;
};

BegunFiles begin_files(const RestorePlan& plan, TargetFolder& folder, const RestoreWishes& wishes,
                       const RestoredFiles& there) {
    BegunFiles begun;
    for (const PlannedDisk& disk : plan.disks) {
        const std::string path = folder.path_of(disk.file.path());
        if (std::ranges::any_of(there.disks, [&](const RestoredDisk& done) { return done.target.path == path; }))
            continue;
        RestoreTarget target = restore_target_in(folder.beneath(disk.file.folder), path, wishes, disk.snapshot);
        auto writer = create_restore_target(target, disk.snapshot);
        begun.disks.push_back({disk.snapshot, std::move(target), std::move(writer)});
    }
    for (const PlannedAttachment& planned : plan.attachments) {
        const std::string path = folder.path_of(planned.file.path());
        if (std::ranges::any_of(there.attachments, [&](const auto& done) { return done.path == path; })) continue;
        auto output = create_output_file(path, {wishes.overwrite, {}}, &folder.beneath(planned.file.folder));
        begun.attachments.push_back({planned.attachment, path, std::move(output)});
    }
    return begun;
}

void check_space(const Repository& repository, const BegunFiles& begun, Progress& progress,
                 const std::stop_token& stop) {
    std::list<SnapshotReader> images;
    std::vector<PlannedFile> files;
    for (const BegunDisk& disk : begun.disks) {
        images.emplace_back(repository.chunks, disk.snapshot);
        files.push_back(
            {disk.target.path, disk.target.folder->path(), disk.target.format, disk.target.options, &images.back()});
    }
    check_free_space(files, progress, stop);
}

RestoredDisk finish(const Repository& repository, BegunDisk& disk, Progress& progress, const std::stop_token& stop) {
    const auto begun = std::chrono::steady_clock::now();
    restore(repository, disk.snapshot, *disk.writer, progress, stop);
    const ByteCount written = disk.writer->bytes_written();
    disk.writer.reset();
    return {disk.snapshot, disk.target, {}, written, std::chrono::steady_clock::now() - begun};
}

RestoredAttachment finish(const Repository& repository, BegunAttachment& attachment) {
    const Bytes bytes = read_attachment(repository.chunks, attachment.attachment);
    attachment.output->write({}, bytes);
    attachment.output->commit();
    attachment.output.reset();
    return {attachment.attachment.name, attachment.path, {bytes.size()}};
}

/// "of 3 disks and 1 attachment these are there, whole: 'to/a.qcow2', 'to/b.qcow2'"
std::string what_is_there(const RestoredFiles& there, const RestorePlan& plan) {
    std::vector<std::string> paths;
    for (const RestoredDisk& disk : there.disks) paths.push_back(disk.target.path);
    for (const RestoredAttachment& attachment : there.attachments) paths.push_back(attachment.path);
    std::string names;
    for (std::size_t i = 0; i < std::min(paths.size(), names_shown_max); ++i)
        names += fmt::format("{}'{}'", i == 0 ? "" : ", ", escape_for_display(paths[i]));
    if (paths.size() > names_shown_max) names += fmt::format(" and {} more", paths.size() - names_shown_max);
    return fmt::format("of {} and {} these are there, whole: {}", counted(plan.disks.size(), "disk"),
                       counted(plan.attachments.size(), "attachment"), names);
}

}  // namespace

void FolderRestore::run(const Repository& repository, std::span<const ListedSnapshot> snapshots, Progress& progress,
                        const std::stop_token& stop) {
    const RestorePlan plan = plan_restore(snapshots, wishes_.format, [&](const Attachment& a, const Attachment& b) {
        return read_attachment(repository.chunks, a) == read_attachment(repository.chunks, b);
    });
    TargetFolder folder(folder_);
    BegunFiles begun = begin_files(plan, folder, wishes_, files_);
    try {
        if (space_check_ == SpaceCheck::done) check_space(repository, begun, progress, stop);
        for (BegunDisk& disk : begun.disks) files_.disks.push_back(finish(repository, disk, progress, stop));
        for (BegunAttachment& attachment : begun.attachments)
            files_.attachments.push_back(finish(repository, attachment));
    } catch (Error& error) {
        if (!files_.disks.empty() || !files_.attachments.empty()) error.with_context(what_is_there(files_, plan));
        throw;
    }
}

}  // namespace varve
