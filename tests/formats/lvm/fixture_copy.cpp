#include "tests/formats/lvm/fixture_copy.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/crc.h"
#include "formats/lvm/metadata_area.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"

namespace varve::lvm_test {
namespace {

constexpr std::size_t header_bytes = 512;

/// Makes `text` the area's current text, at the beginning of its ring.
void put_text(ChangedDisk& disk, std::uint64_t area, std::uint64_t area_bytes, const std::string& text) {
    Bytes bytes(text.size() + 1);
    std::ranges::copy(bytes_of(text), bytes.begin());
    REQUIRE(header_bytes + bytes.size() <= area_bytes);
    disk.set(area + header_bytes, bytes);
    Bytes header(header_bytes);
    disk.read({area}, header);
    store_le<std::uint64_t>(ByteSpan(header).subspan(40), header_bytes);
    store_le<std::uint64_t>(ByteSpan(header).subspan(48), bytes.size());
    store_le<std::uint32_t>(ByteSpan(header).subspan(56), lvm_crc32(bytes));
    store_le<std::uint32_t>(header, lvm_crc32(ByteView(header).subspan(4)));
    disk.set(area, header);
}

}  // namespace

FixtureCopy::FixtureCopy(const std::string& name) {
    for (std::size_t i = 0; i < fixture_disks(name).size(); ++i)
        disks_.push_back(std::make_shared<ChangedDisk>(fixture_disk(name, static_cast<int>(i))));
}

std::vector<FixtureCopy::Area> FixtureCopy::areas_of(const std::string& group) const {
    std::vector<Area> areas;
    for (const auto& disk : disks_) {
        for (const lvm::PhysicalVolume& volume : lvm::find_physical_volumes(disk, "disk")) {
            if (volume.partition) continue;  // its areas begin elsewhere on the disk
            for (const ByteRange& range : volume.label.metadata_areas) {
                const auto found = lvm::read_metadata_text(volume.device, range);
                if (found && found->text.starts_with(group + " {")) areas.push_back({disk.get(), range, found->text});
            }
        }
    }
    REQUIRE(!areas.empty());
    return areas;
}

std::string FixtureCopy::text(const std::string& group) const { return areas_of(group).front().text; }

void FixtureCopy::set_text(const std::string& group, const std::string& text) {
    for (const Area& area : areas_of(group))
        put_text(*area.disk, area.range.begin.value, area.range.length.value, text);
}

void FixtureCopy::edit_text(const std::string& group, const std::string& from, const std::string& to) {
    std::string edited = text(group);
    const std::size_t at = edited.find(from);
    CAPTURE(from);
    REQUIRE(at != std::string::npos);
    REQUIRE(edited.find(from, at + 1) == std::string::npos);
    set_text(group, edited.replace(at, from.size(), to));
}

lvm::Inventory FixtureCopy::inventory() const {
    std::vector<lvm::PhysicalVolume> volumes;
    for (std::size_t i = 0; i < disks_.size(); ++i)
        for (lvm::PhysicalVolume& volume : lvm::find_physical_volumes(disks_[i], fmt::format("p{}.raw", i)))
            volumes.push_back(std::move(volume));
    return lvm::take_inventory(std::move(volumes));
}

lvm::FoundGroup FixtureCopy::found(const std::string& group) const {
    for (lvm::FoundGroup& found : inventory().groups)
        if (found.group.name == group) return std::move(found);
    FAIL("no group " << group);
    return {};
}

OpenedGroup::OpenedGroup(const FixtureCopy& copy, const std::string& group, lvm::ActiveDevice active)
    : found(std::make_shared<const lvm::FoundGroup>(copy.found(group))),
      opener(std::make_shared<lvm::VolumeOpener>(*found, std::move(active))) {}

const lvm::LogicalVolume& OpenedGroup::volume(const std::string& name) const {
    const lvm::LogicalVolume* volume = found->group.find_volume(name);
    CAPTURE(name);
    REQUIRE(volume != nullptr);
    return *volume;
}

std::string manifest_digest(const std::string& fixture, const std::string& volume) {
    for (const auto& row : fixture_table(fixture, "MANIFEST.tsv"))
        if (row[1] == volume) return row[5];
    FAIL("no volume " << volume);
    return {};
}

}  // namespace varve::lvm_test
