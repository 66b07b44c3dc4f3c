#include "cli/restore/appliance_restore.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "cli/options/target_format.h"
#include "engine/base/error.h"
#include "engine/jobs/restore.h"
#include "engine/repository/attachment.h"
#include "formats/appliance/member_names.h"
#include "formats/appliance/ova_writer.h"
#include "formats/output/output_file.h"

namespace varve {
namespace {

constexpr ByteCount kept_bytes_max = mib(256);  // they are held in memory

bool is_descriptor(const Attachment& attachment) {
    const std::size_t dot = attachment.name.rfind('.');
    return dot != attachment.name.npos &&
           (attachment.name.substr(dot) == ".ovf" || attachment.name.substr(dot) == ".OVF");
}

/// The attachments of the snapshots' commit; none, with a warning, if they are of several commits.
std::vector<Attachment> common_attachments(std::span<const ListedSnapshot> snapshots, Progress& progress) {
    const auto is_of_another = [&](const ListedSnapshot& one) { return one.commit != snapshots[0].commit; };
    if (std::ranges::none_of(snapshots, is_of_another)) return snapshots[0].record.attachments;
    if (std::ranges::any_of(snapshots, [](const auto& one) { return !one.record.attachments.empty(); }))
        progress.warn("the disks were not backed up together: their attachments are not packed");
    return {};
}

/// Of several descriptors none is used, since it is unknown which one is meant.
appliance::KeptFiles read_kept(const Repository& repository, const std::vector<Attachment>& attachments,
                               OnDamage on_damage, std::vector<Finding>& lost, Progress& progress) {
    appliance::KeptFiles kept;
    const auto descriptors = std::ranges::count_if(attachments, is_descriptor);
    if (descriptors > 1)
        progress.warn(fmt::format(
            "{} descriptors (*.ovf) are attached, and it is unknown which one is meant: writing a plain one",
            descriptors));
    ByteCount total;
    for (const Attachment& attachment : attachments) {
        total += {attachment.bytes};
        if (attachment.bytes > attachment_bytes_max.value || total > kept_bytes_max)
            throw Error(ErrorCode::refused,
                        fmt::format("the attachments up to '{}' take more than {} bytes: too much for an appliance; "
                                    "restore into a folder",
                                    attachment.name, kept_bytes_max.value));
        auto bytes = attachment_to_restore(repository.chunks, attachment, on_damage, lost);
        if (!bytes) continue;
        appliance::KeptFile file{attachment.name, std::move(*bytes)};
        if (descriptors == 1 && is_descriptor(attachment))
            kept.descriptor = std::move(file);
        else
            kept.others.push_back(std::move(file));
    }
    return kept;
}

appliance::PackagePlan plan_appliance(const Repository& repository, std::span<const ListedSnapshot> snapshots,
                                      const std::string& path, const RestoreOptions& options,
                                      std::vector<Finding>& lost, Progress& progress) {
    const appliance::CreationOptions creation = appliance::parse_creation_options(options.creation);
    std::vector<appliance::PlannedDisk> disks;
    for (const ListedSnapshot& snapshot : snapshots)
        disks.push_back({snapshot.record.size, snapshot.record.source.path});
    appliance::KeptFiles kept =
        read_kept(repository, common_attachments(snapshots, progress), options.on_damage, lost, progress);
    appliance::PackagePlan plan(std::string(appliance::stem_of(path)), std::move(disks), creation, std::move(kept));
    for (const std::string& sentence : plan.warnings()) progress.warn(sentence);
    return plan;
}

RestoredDisk restore_into(appliance::OvaWriter& appliance, const Repository& repository, const SnapshotRecord& snapshot,
                          OnDamage on_damage, Progress& progress, const std::stop_token& stop) {
    const auto start = std::chrono::steady_clock::now();
    RestoredDisk disk;
    disk.snapshot = snapshot;
    const auto writer = appliance.begin_disk();
    disk.damage = restore(repository, snapshot, *writer, progress, stop, {}, on_damage);
    disk.bytes_written = writer->bytes_written();
    disk.duration = std::chrono::steady_clock::now() - start;
    return disk;
}

}  // namespace

bool means_appliance(const std::string& path, const RestoreOptions& options) {
    return path != "-" && !options.range && target_format(path, options.format, "raw") == "ova";
}

RestoredFiles restore_appliance(const Repository& repository, std::span<const ListedSnapshot> snapshots,
                                const std::string& path, const RestoreOptions& options, Progress& progress,
                                const std::stop_token& stop) {
    RestoredFiles restored;
    appliance::PackagePlan plan =
        plan_appliance(repository, snapshots, path, options, restored.lost_attachments, progress);
    restored.disks.resize(snapshots.size());
    for (const appliance::ReusedFile& file : plan.reused_files())
        restored.attachments.push_back({file.name, path, file.length});
    const std::vector<std::size_t> order = plan.disk_order();
    appliance::OvaWriter appliance(create_output_file(path, {options.overwrite, {}, restored_mode}), std::move(plan));
    for (const std::size_t index : order) {
        restored.disks[index].path = path;
        restored.disks[index].format = "ova";
        restored.disks[index].snapshot = snapshots[index].record;
        if (options.is_dry_run) continue;
        RestoredDisk& disk = restored.disks[index];
        disk = restore_into(appliance, repository, snapshots[index].record, options.on_damage, progress, stop);
        disk.path = path;
        disk.format = "ova";
    }
    if (!options.is_dry_run) appliance.finish();
    return restored;
}

}  // namespace varve
