#pragma once
/// A volume group as its metadata text describes it: physical volumes, logical volumes and the segments that they are
/// made of. Plain values, checked for shape: counts and ranges hold, references by name are not followed. Source: the
/// text format of lvm2, lib/format_text in its public repository. All names come from untrusted text.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/units.h"

namespace varve::lvm {

/// A count or position in physical or logical extents of the group.
using ExtentNumber = std::uint64_t;

/// Where one stripe of a segment begins: on a physical volume (by its section's name, "pv0") or in another logical
/// volume. A name is looked up among the physical volumes first.
struct StripeLeg {
    std::string device;
    ExtentNumber begin = 0;
    friend bool operator==(const StripeLeg&, const StripeLeg&) = default;
};

/// Linear (one leg) or striped.
struct StripedSegment {
    ByteCount stripe_size;  ///< 0 with one leg
    std::vector<StripeLeg> legs;
    friend bool operator==(const StripedSegment&, const StripedSegment&) = default;
};

struct ZeroSegment {
    friend bool operator==(const ZeroSegment&, const ZeroSegment&) = default;
};

struct ErrorSegment {
    friend bool operator==(const ErrorSegment&, const ErrorSegment&) = default;
};

/// The segment of the hidden volume that ties a classic snapshot's store to its origin.
struct SnapshotSegment {
    ByteCount chunk_size;
    std::string origin;
    std::string store;        ///< the volume that users know as the snapshot
    bool is_merging = false;  ///< the snapshot is being merged into the origin
    friend bool operator==(const SnapshotSegment&, const SnapshotSegment&) = default;
};

struct ThinPoolSegment {
    std::string metadata;
    std::string data;
    std::uint64_t transaction_id = 0;
    ByteCount chunk_size;
    bool zeroes_new_blocks = false;
    bool has_messages = false;  ///< there is recorded work that the pool may not have done yet
    friend bool operator==(const ThinPoolSegment&, const ThinPoolSegment&) = default;
};

struct ThinSegment {
    std::string pool;
    std::uint64_t transaction_id = 0;
    std::uint32_t device_id = 0;
    std::optional<std::string> origin;           ///< the volume of which this is a snapshot
    std::optional<std::string> external_origin;  ///< what is read where nothing is mapped
    std::optional<std::string> merges_into;      ///< the volume that this one is to replace
    friend bool operator==(const ThinSegment&, const ThinSegment&) = default;
};

/// A kind that is not read (raid, mirror, cache, ...), or one with an unknown flag.
struct OtherSegment {
    friend bool operator==(const OtherSegment&, const OtherSegment&) = default;
};

struct Segment {
    ExtentNumber begin = 0;
    ExtentNumber count = 0;
    std::string type;                ///< as in the text, without flags: "striped", "thin-pool", ...
    std::vector<std::string> flags;  ///< what follows each '+' in the type
    std::variant<StripedSegment, ZeroSegment, ErrorSegment, SnapshotSegment, ThinPoolSegment, ThinSegment, OtherSegment>
        what;
    friend bool operator==(const Segment&, const Segment&) = default;
};

struct LogicalVolume {
    std::string name;
    std::string uuid;                 ///< with dashes
    std::vector<std::string> status;  ///< "READ", "WRITE", "VISIBLE", ...
    std::vector<std::string> flags;
    std::int64_t creation_time = 0;  ///< seconds since 1970, UTC; 0: not recorded
    std::vector<Segment> segments;   ///< contiguous from extent 0; at least one
    ByteCount size;

    bool is_visible() const;
    /// nullopt if no time, or no plausible one, was recorded.
    std::optional<std::int64_t> creation_time_ns() const;
    bool has_status(std::string_view word) const;
    friend bool operator==(const LogicalVolume&, const LogicalVolume&) = default;
};

struct PhysicalVolumeEntry {
    std::string name;  ///< of its section: "pv0"
    std::string uuid;  ///< with dashes
    ByteOffset first_extent;
    ExtentNumber extent_count = 0;
    bool is_marked_missing = false;
    friend bool operator==(const PhysicalVolumeEntry&, const PhysicalVolumeEntry&) = default;
};

struct VolumeGroup {
    std::string name;
    std::string uuid;  ///< with dashes
    std::uint64_t seqno = 0;
    std::vector<std::string> status;
    std::optional<std::string> lock_type;  ///< set if hosts share the group through lvmlockd
    std::string system_id;                 ///< of the one host that uses the group; empty: any host may
    ByteCount extent_size;
    std::vector<PhysicalVolumeEntry> physical_volumes;
    std::vector<LogicalVolume> volumes;  ///< in the order of the text
    /// Indices into the two above, sorted by name, for find_...; empty in a group made by hand, whose find_... are
    /// linear.
    std::vector<std::uint32_t> physical_volumes_by_name, volumes_by_name;

    bool is_exported() const;
    bool is_clustered() const;  ///< hosts share the group through clvmd
    /// Null if there is none.
    const LogicalVolume* find_volume(std::string_view name) const;
    const PhysicalVolumeEntry* find_physical_volume(std::string_view section_name) const;
    friend bool operator==(const VolumeGroup&, const VolumeGroup&) = default;
};

}  // namespace varve::lvm
