// libFuzzer target: reads any bytes as an appliance, with all its disks, and revises its descriptor for a new one.

#include "tests/fuzz/appliance_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_appliance(std::as_bytes(std::span(data, size)));
    return 0;
}
