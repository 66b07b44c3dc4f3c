// libFuzzer target: any bytes as a small disk. Its label or partitions, metadata areas and texts are read, up to the
// groups that they describe. No mutation hits a checksum, so the input is tried as it is, and again with the checksums
// of label, areas and texts corrected.

#include <cstdlib>

#include "engine/base/error.h"
#include "formats/lvm/inventory.h"
#include "tests/fuzz/sealed_lvm_disk.h"

namespace varve {
namespace {

void take_inventory_of(const Bytes& bytes) {
    try {
        const auto disk = std::make_shared<fuzz::MemoryDisk>(bytes);
        const lvm::Inventory inventory = lvm::take_inventory(lvm::find_physical_volumes(disk, "input"));
        for (const lvm::FoundGroup& group : inventory.groups)
            if (group.volumes.size() != group.group.physical_volumes.size()) std::abort();
    } catch (const Error&) {
    }
}

}  // namespace
}  // namespace varve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace varve;
    const auto input = std::as_bytes(std::span(data, size));
    Bytes disk(input.begin(), input.end());
    take_inventory_of(disk);
    fuzz::set_lvm_checksums(disk);
    take_inventory_of(disk);
    return 0;
}
