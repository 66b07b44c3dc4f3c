// libFuzzer target: opens any bytes as a VDI image, walks its block map and reads from it.

#include "tests/fuzz/vdi_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_vdi(std::as_bytes(std::span(data, size)));
    return 0;
}
