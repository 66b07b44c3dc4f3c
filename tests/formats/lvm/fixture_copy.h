#pragma once
/// The disks of a fixture, changed in memory, and the groups found on them: what open_volume() does with files. Groups
/// that were found see later changes, like a reader of a disk.

#include <memory>
#include <string>
#include <vector>

#include "formats/lvm/volume_opener.h"
#include "tests/formats/lvm/host_disks.h"

namespace varve::lvm_test {

class FixtureCopy {
public:
    explicit FixtureCopy(const std::string& name);

    ChangedDisk& disk(std::size_t index) { return *disks_.at(index); }
    std::size_t count() const { return disks_.size(); }

    /// The metadata text of `group`; and its replacement in all metadata areas that hold it.
    std::string text(const std::string& group) const;
    void set_text(const std::string& group, const std::string& text);
    /// Replaces `from`, which must occur exactly once in the metadata text of `group`.
    void edit_text(const std::string& group, const std::string& from, const std::string& to);

    /// Their names are "p0.raw" and so on.
    lvm::Inventory inventory() const;
    lvm::FoundGroup found(const std::string& group) const;

private:
    struct Area {
        ChangedDisk* disk = nullptr;
        ByteRange range;
        std::string text;
    };
    /// The disks that hold the group's text.
    std::vector<Area> areas_of(const std::string& group) const;

    std::vector<std::shared_ptr<ChangedDisk>> disks_;
};

/// A group and its opener.
struct OpenedGroup {
    OpenedGroup(const FixtureCopy& copy, const std::string& group, lvm::ActiveDevice active = {});

    const lvm::LogicalVolume& volume(const std::string& name) const;
    std::shared_ptr<const ImageReader> open(const std::string& name) { return opener->open(volume(name)); }

    std::shared_ptr<const lvm::FoundGroup> found;
    std::shared_ptr<lvm::VolumeOpener> opener;
};

/// The sha256 of a volume in the fixture's manifest.
std::string manifest_digest(const std::string& fixture, const std::string& volume);

}  // namespace varve::lvm_test
