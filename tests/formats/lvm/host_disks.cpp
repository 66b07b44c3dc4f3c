#include "tests/formats/lvm/host_disks.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/base/crc.h"
#include "formats/base/reader_source.h"
#include "formats/lvm/label.h"

namespace varve::lvm_test {
namespace {

constexpr std::size_t sector_bytes = 512;

/// Overwrites the part of `disk` that `bytes` covers.
void put(ByteSpan disk, std::uint64_t at, ByteView bytes) {
    for (std::size_t i = 0; i < bytes.size() && at + i < disk.size(); ++i)
        disk[static_cast<std::size_t>(at) + i] = bytes[i];
}

void put_u32(ByteSpan disk, std::uint64_t at, std::uint32_t value) {
    std::array<std::byte, 4> bytes;
    store_le<std::uint32_t>(bytes, value);
    put(disk, at, bytes);
}

std::string without_dashes(std::string uuid) {
    std::erase(uuid, '-');
    return uuid;
}

Bytes label_bytes(const MadeVolume& volume) {
    ByteWriter out;
    out.append(bytes_of("LABELONE"));
    out.u64le(volume.label_sector);
    out.u32le(0);
    out.u32le(32);
    out.append(bytes_of("LVM2 001"));
    out.append(bytes_of(without_dashes(volume.uuid)));
    out.u64le(volume.size);
    out.u64le(volume.data_begin);
    out.zeros(8 + 16);
    for (const MadeArea& area : volume.areas) {
        out.u64le(area.begin);
        out.u64le(area.size);
    }
    out.zeros(16);
    out.u32le(2);
    out.u32le(1);
    return out.release();
}

Bytes area_header(const MadeArea& area) {
    ByteWriter out;
    out.u32le(0);
    out.append(bytes_of(" LVM2 x[5A%r0N*>"));
    out.u32le(1);
    out.u64le(area.begin);
    out.u64le(area.size);
    if (area.text.empty()) return out.release();
    out.u64le(area.text_offset);
    out.u64le(area.text.size() + 1);
    out.u32le(0);
    out.u32le(area.is_ignored ? 1 : 0);
    return out.release();
}

void put_text(ByteSpan disk, const MadeArea& area) {
    const std::size_t to_end = static_cast<std::size_t>(area.size - area.text_offset);
    const ByteView text = bytes_of(area.text);
    const std::size_t split = std::min(to_end, text.size());
    put(disk, area.begin + area.text_offset, text.first(split));
    put(disk, area.begin + sector_bytes, text.subspan(split));
}

}  // namespace

ByteSourcePtr named(std::shared_ptr<const ImageReader> disk, const std::string& name) {
    return std::make_shared<const ReaderSource>(
        std::move(disk), name, [name](ByteOffset at) { return fmt::format("'{}' at byte {}", name, at.value); });
}

ChangedDisk::ChangedDisk(std::uint64_t size) { info_.virtual_size = ByteCount{size}; }

ChangedDisk::ChangedDisk(std::shared_ptr<const ImageReader> base) : base_(std::move(base)), info_(base_->info()) {}

ChangedDisk::ChangedDisk(ByteView bytes) : ChangedDisk(bytes.size()) { set(0, bytes); }

void ChangedDisk::set(std::uint64_t at, ByteView bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (base_ || bytes[i] != std::byte{0} || changes_.contains(at + i)) changes_[at + i] = bytes[i];
    }
}

void ChangedDisk::flip(std::uint64_t bit) {
    std::array<std::byte, 1> byte;
    read(ByteOffset{bit / 8}, byte);
    byte[0] ^= std::byte{1} << (bit % 8);
    set(bit / 8, byte);
}

Extent ChangedDisk::extent_at(ByteOffset at) const {
    return {at, ByteOffset{} + info_.virtual_size - at, ExtentKind::data};
}

void ChangedDisk::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    if (base_)
        base_->read(at, out);
    else
        std::fill(out.begin(), out.end(), std::byte{0});
    for (auto i = changes_.lower_bound(at.value); i != changes_.end() && i->first - at.value < out.size(); ++i)
        out[static_cast<std::size_t>(i->first - at.value)] = i->second;
}

Bytes bytes_of_volume(const MadeVolume& volume) {
    Bytes disk(static_cast<std::size_t>(volume.size));
    put(disk, volume.label_sector * sector_bytes, label_bytes(volume));
    seal_label(disk, volume.label_sector);
    for (const MadeArea& area : volume.areas) {
        put(disk, area.begin, area_header(area));
        put_text(disk, area);
        seal_area(disk, area.begin);
    }
    return disk;
}

void seal_label(ByteSpan disk, std::uint64_t sector) {
    constexpr std::size_t checksum_at = 16;
    const std::uint64_t at = sector * sector_bytes;
    if (at + sector_bytes > disk.size()) return;
    const ByteView label = ByteView(disk).subspan(static_cast<std::size_t>(at), sector_bytes);
    put_u32(disk, at + checksum_at, lvm_crc32(label.subspan(checksum_at + 4)));
}

void seal_area(ByteSpan disk, std::uint64_t begin) {
    constexpr std::size_t slot_at = 40;
    if (begin > disk.size() || sector_bytes > disk.size() - begin) return;
    const auto header = ByteView(disk).subspan(static_cast<std::size_t>(begin), sector_bytes);
    const std::uint64_t area = std::min(load_le<std::uint64_t>(header.subspan(32)), disk.size() - begin);
    const auto offset = load_le<std::uint64_t>(header.subspan(slot_at));
    const auto size = load_le<std::uint64_t>(header.subspan(slot_at + 8));
    if (offset < area && area > sector_bytes && size <= area - sector_bytes) {
        const ByteView ring = ByteView(disk).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(area));
        const auto split = static_cast<std::size_t>(std::min(size, area - offset));
        const std::uint32_t first = lvm_crc32(ring.subspan(static_cast<std::size_t>(offset), split));
        const ByteView rest = ring.subspan(sector_bytes, static_cast<std::size_t>(size) - split);
        put_u32(disk, begin + slot_at + 16, lvm_crc32(rest, first));
    }
    put_u32(disk, begin, lvm_crc32(header.subspan(4)));
}

std::string made_uuid(const std::string& name) {
    std::string uuid = name;
    uuid.resize(32, '0');
    return lvm::uuid_with_dashes(uuid);
}

}  // namespace varve::lvm_test
