// libFuzzer target: any bytes as the metadata text of an LVM volume group. What parses keeps the rules on which its
// readers rely.

#include <cstdlib>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "formats/lvm/volume_group_parser.h"

namespace varve::lvm {
namespace {

void check_volume(const VolumeGroup& group, const LogicalVolume& volume) {
    ExtentNumber end = 0;
    for (const Segment& segment : volume.segments) {
        if (segment.begin != end || segment.count == 0) std::abort();
        end += segment.count;
        const auto* striped = std::get_if<StripedSegment>(&segment.what);
        if (striped != nullptr && (striped->legs.empty() || segment.count % striped->legs.size() != 0)) std::abort();
        if (striped != nullptr && (striped->legs.size() == 1) != (striped->stripe_size.value == 0)) std::abort();
    }
    if (volume.size.value / group.extent_size.value != end) std::abort();
    if (group.find_volume(volume.name) != &volume) std::abort();
}

void read_group(std::string_view text) {
    try {
        const VolumeGroup group = parse_volume_group(text, "input");
        for (const LogicalVolume& volume : group.volumes) check_volume(group, volume);
        for (const PhysicalVolumeEntry& entry : group.physical_volumes)
            if (group.find_physical_volume(entry.name) != &entry) std::abort();
    } catch (const Error&) {
    }
}

}  // namespace
}  // namespace varve::lvm

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::lvm::read_group(varve::text_of(std::as_bytes(std::span(data, size))));
    return 0;
}
