#pragma once
/// The volumes of a fixture as the kernel had mapped them when their contents were recorded (`dmsetup table`): places
/// that do not depend on varve's own interpretation of the metadata.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "formats/lvm/segment_reader.h"

namespace varve::lvm_test {

class DmTable {
public:
    explicit DmTable(const std::string& fixture);

    /// All names, e.g. "vgs-s4k_t0-cow"; a dash in an LVM name is doubled.
    std::vector<std::string> names() const;
    /// The first target of a device: "linear", "snapshot", ...
    std::string target(const std::string& name) const;
    /// A device made of linear, striped and zero targets.
    std::shared_ptr<const lvm::SegmentReader> open(const std::string& name) const;
    /// One disk of the fixture.
    ByteSourcePtr disk(int index) const;

private:
    lvm::SegmentLeg leg(const std::string& device, std::uint64_t sector) const;

    std::map<std::string, std::vector<std::vector<std::string>>> targets_;
    std::vector<ByteSourcePtr> disks_;
};

/// The device-mapper name of a volume.
std::string dm_name(const std::string& group, const std::string& volume);

}  // namespace varve::lvm_test
