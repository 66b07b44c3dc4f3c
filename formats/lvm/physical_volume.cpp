#include "formats/lvm/physical_volume.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/image/window_reader.h"
#include "formats/base/reader_source.h"
#include "formats/partition/table.h"

namespace varve::lvm {
namespace {

constexpr std::size_t magic_bytes_max = 6;

std::string place_on(const std::string& path, std::optional<std::uint32_t> partition) {
    return partition ? fmt::format("'{}' (partition {})", path, *partition) : fmt::format("'{}'", path);
}

/// `range` of the disk as a disk of its own, which keeps the whole disk alive.
std::shared_ptr<const ImageReader> window(std::shared_ptr<const ImageReader> disk, ByteRange range) {
    struct Owner {
        std::shared_ptr<const ImageReader> disk;
        WindowReader part;
    };
    const auto owner = std::make_shared<Owner>(Owner{disk, WindowReader(*disk, range)});
    return {owner, &owner->part};
}

std::string head_of(const ImageReader& device) {
    std::string head(
        static_cast<std::size_t>(std::min<std::uint64_t>(magic_bytes_max, device.info().virtual_size.value)), '\0');
    device.read(ByteOffset{}, std::as_writable_bytes(std::span(head.data(), head.size())));
    return head;
}

bool is_luks(std::string_view head) { return head.starts_with("LUKS\xba\xbe"); }

/// An LVM1 physical volume begins with "HM" and a 16-bit version.
bool is_lvm1(std::string_view head) {
    return head.starts_with(std::string_view("HM\x01\0", 4)) || head.starts_with(std::string_view("HM\x02\0", 4));
}

void refuse_other_kinds(const ImageReader& device, const std::string& place) {
    const std::string head = head_of(device);
    if (is_luks(head))
        throw Error(
            ErrorCode::unsupported,
            fmt::format("{} is encrypted with LUKS, so its contents are unknown: open it with cryptsetup and specify "
                        "the device that this creates",
                        place));
    if (is_lvm1(head))
        throw Error(ErrorCode::unsupported,
                    fmt::format("{} is a physical volume of LVM1, which is not read: convert its volume group with "
                                "vgconvert -M2 of an older LVM2 first",
                                place));
}

/// The search for physical volumes on one disk.
class DiskSearch {
public:
    DiskSearch(std::shared_ptr<const ImageReader> disk, const std::string& path)
        : disk_(std::move(disk)), path_(path) {}

    std::vector<PhysicalVolume> find() {
        search(disk_, {}, std::nullopt);
        if (!found_.empty()) return std::move(found_);
        const std::vector<partition::Partition> partitions = partitions_of_disk();
        for (const partition::Partition& part : partitions)
            search(window(disk_, part.range), part.range.begin, part.number);
        if (found_.empty())
            for (const partition::Partition& part : partition::read_mbr_of_4096(*disk_))
                search(window(disk_, part.range), part.range.begin, part.number);
        if (found_.empty()) refuse(partitions);
        for (const Error& e : damage_) warnings_.emplace_back(e.what());
        found_.front().warnings = std::move(warnings_);
        return std::move(found_);
    }

private:
    void search(const std::shared_ptr<const ImageReader>& bytes, ByteOffset begin,
                std::optional<std::uint32_t> partition) {
        const std::string place = place_on(path_, partition);
        const auto device = std::make_shared<const ReaderSource>(bytes, path_, [place, begin](ByteOffset at) {
            return fmt::format("{} at byte {}", place, begin.value + at.value);
        });
        try {
            if (const std::optional<Label> label = read_label(device))
                found_.push_back({label->uuid, device, path_, partition, *label, {}});
        } catch (const Error& e) {
            damage_.push_back(e);
        }
    }

    std::vector<partition::Partition> partitions_of_disk() {
        try {
            std::vector<std::string> warnings;
            std::vector<partition::Partition> partitions = partition::read_table(*disk_, warnings);
            for (const std::string& sentence : warnings)
                warnings_.push_back(fmt::format("{}: {}", place_on(path_, std::nullopt), sentence));
            return partitions;
        } catch (Error& e) {
            e.with_context(place_on(path_, std::nullopt));
            damage_.push_back(e);
            return {};
        }
    }

    [[noreturn]] void refuse(const std::vector<partition::Partition>& partitions) const {
        if (!damage_.empty()) throw damage_.front();
        const std::string place = place_on(path_, std::nullopt);
        refuse_other_kinds(*disk_, place);
        for (const partition::Partition& part : partitions)
            refuse_other_kinds(*window(disk_, part.range), place_on(path_, part.number));
        if (partitions.empty())
            throw Error(ErrorCode::not_found, place +
                                                  " is not a physical volume: it has no LVM label in its first four "
                                                  "sectors, and no partitions");
        const std::string which = partitions.size() == 1
                                      ? "its one partition has no LVM label"
                                      : fmt::format("none of its {} partitions has an LVM label", partitions.size());
        throw Error(ErrorCode::not_found, fmt::format("{} does not hold a physical volume: {}", place, which));
    }

    std::shared_ptr<const ImageReader> disk_;
    const std::string& path_;
    std::vector<PhysicalVolume> found_;
    std::vector<Error> damage_;
    std::vector<std::string> warnings_;
};

}  // namespace

std::string PhysicalVolume::place() const { return place_on(path, partition); }

std::vector<PhysicalVolume> find_physical_volumes(std::shared_ptr<const ImageReader> disk, const std::string& path) {
    return DiskSearch(std::move(disk), path).find();
}

}  // namespace varve::lvm
