#pragma once
/// Lists logical volumes for people who are looking for one: `varve info lvm:`. All texts are untrusted.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/units.h"
#include "formats/lvm/physical_disks.h"

namespace varve::lvm {

/// One volume that users know about or would look for.
struct ListedVolume {
    std::string group;
    std::string group_uuid;
    std::string name;
    std::string uuid;
    ByteCount size;
    std::string type;                           ///< "linear", "striped", "thin", "snapshot", "thin-pool", "raid1", ...
    std::vector<std::string> segment_types;     ///< as in its metadata, without duplicates
    std::optional<std::string> origin;          ///< what it is a snapshot of
    std::optional<std::string> pool;            ///< of a thin volume
    std::optional<std::int64_t> time_ns;        ///< when it was created, UTC
    std::optional<std::string> why_unreadable;  ///< one sentence; nullopt: it can be read
    friend bool operator==(const ListedVolume&, const ListedVolume&) = default;
};

struct ListedPhysicalVolume {
    std::string group;  ///< empty: in none
    std::string group_uuid;
    std::string uuid;
    std::string place;  ///< where it was found; empty: it is missing
};

struct ListedGroup {
    std::string name;
    std::string uuid;
    std::uint64_t seqno = 0;
    ByteCount extent_size;
    bool is_exported = false;
    std::string other_hosts;  ///< how they may be using the group (see use_by_other_hosts()); or empty
};

struct VolumeList {
    std::vector<ListedGroup> groups;
    std::vector<ListedVolume> volumes;  ///< by group, in the order of the metadata
    std::vector<ListedPhysicalVolume> physical_volumes;
    std::vector<std::string> warnings;
};

/// All volumes of the group in `name` ("lvm:VG"), or of all groups ("lvm:"). Opens each to find out whether it can be
/// read, which reads only metadata.
VolumeList list_volumes(const std::string& name, const ImageOptions& options, const VolumeOptions& disks,
                        const OpenDisk& open_disk, const FormatList& formats);

}  // namespace varve::lvm
