#pragma once
/// The files that a restore into a folder creates: `web01/vda` in qcow2 becomes `web01/vda.qcow2`, with the attachments
/// of its commit beside it. Names and formats in snapshots are untrusted; those in a plan are plain.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/repository/catalog.h"

namespace varve {

/// A file below the folder: `folder` has plain names joined by '/', or is empty; `name` is one plain name.
struct PlannedName {
    std::string folder;
    std::string name;
    std::string path() const { return folder.empty() ? name : folder + '/' + name; }
    friend auto operator<=>(const PlannedName&, const PlannedName&) = default;
};

struct PlannedDisk {
    SnapshotRecord snapshot;
    PlannedName file;
};

struct PlannedAttachment {
    Attachment attachment;
    PlannedName file;
};

struct RestorePlan {
    std::vector<PlannedDisk> disks;
    std::vector<PlannedAttachment> attachments;
};

/// Whether two attachments hold the same bytes.
using SameContent = std::function<bool(const Attachment&, const Attachment&)>;

/// The files of `snapshots`, in `format` or each in that of its source. The attachments of one commit go, once, to the
/// innermost folder that contains all of its disks here. Throws Error(refused), before anything is written, for a disk
/// or an attachment whose name is not plain and for two files that would have one name or one inside the other;
/// Error(unsupported) for an unknown format.
RestorePlan plan_restore(std::span<const ListedSnapshot> snapshots, const std::optional<std::string>& format,
                         const SameContent& same_content);

}  // namespace varve
