#include "formats/lvm/refusal.h"

#include <array>

#include <fmt/format.h>

#include "formats/lvm/system_id.h"

namespace varve::lvm {
namespace {

struct Reason {
    std::string_view type;  ///< a prefix of the segment's type
    std::string_view why;
};

/// The first match counts.
constexpr std::array reasons{
    Reason{"raid", "is a RAID volume, whose legs may be out of step with each other"},
    Reason{"mirror", "is a legacy mirror, whose legs may be out of step with each other"},
    Reason{"cache", "is under dm-cache, which may hold newer data than the volume below it"},
    Reason{"writecache", "is under dm-writecache, which holds newer data than the volume below it"},
    Reason{"integrity", "has an integrity layer, whose journal may hold newer data"},
    Reason{"vdo", "is in a VDO pool, which deduplicates and compresses its data"},
    Reason{"error", "has a segment of type error (left by a lost physical volume), which can't be read"},
    Reason{"thin-pool", "is a thin pool, not a disk: specify a volume in it"},
    Reason{"snapshot", "is LVM's own record of a snapshot, not a disk: specify the snapshot"},
};

std::string_view reason_for(std::string_view type) {
    for (const Reason& reason : reasons)
        if (type.starts_with(reason.type)) return reason.why;
    return "has a segment of a type unknown to this version of varve";
}

}  // namespace

std::string quoted_name(const VolumeGroup& group, const LogicalVolume& volume) {
    return fmt::format("'{}/{}'", group.name, volume.name);
}

Error unread_segment(const VolumeGroup& group, const LogicalVolume& volume, const Segment& segment) {
    std::string type = segment.type;
    for (const std::string& flag : segment.flags) type += "+" + flag;
    const bool is_no_disk = segment.type.starts_with("thin-pool") || segment.type == "snapshot";
    const std::string way_out =
        is_no_disk || segment.type == "error"
            ? ""
            : fmt::format("; activate it and back up its device instead: varve backup /dev/{}/{}", group.name,
                          volume.name);
    return Error(ErrorCode::unsupported, fmt::format("{} {} (segment type '{}'){}", quoted_name(group, volume),
                                                     reason_for(segment.type), type, way_out));
}

void refuse_moving(const VolumeGroup& group, const LogicalVolume& volume) {
    if (!volume.has_status("LOCKED") && !volume.has_status("PVMOVE")) return;
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{} is being moved to another physical volume; finish the move with 'pvmove', or abort it with "
                    "'pvmove --abort'",
                    quoted_name(group, volume)));
}

std::string use_by_other_hosts(const VolumeGroup& group) {
    if (group.lock_type) return fmt::format("is shared by hosts (lock type '{}')", *group.lock_type);
    if (group.is_clustered()) return "is shared by the hosts of a cluster (status CLUSTERED)";
    if (!group.system_id.empty() && !is_own_system_id(group.system_id))
        return fmt::format("belongs to another host (system id '{}')", group.system_id);
    return {};
}

void refuse_shared(const VolumeGroup& group) {
    const std::string use = use_by_other_hosts(group);
    if (use.empty()) return;
    throw Error(ErrorCode::unsupported,
                fmt::format("volume group '{}' {}, and another host may be writing to it; back up the device of an "
                            "active snapshot instead, on a host that uses the group",
                            group.name, use));
}

}  // namespace varve::lvm
