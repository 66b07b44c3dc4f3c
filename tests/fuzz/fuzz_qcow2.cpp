// libFuzzer target: opens any bytes as a qcow2 image, walks its map and reads from it.

#include "tests/fuzz/qcow2_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read(std::as_bytes(std::span(data, size)));
    return 0;
}
