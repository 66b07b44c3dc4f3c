// libFuzzer target: opens any bytes as a qcow image of version 1, walks its map and reads from it.

#include "tests/fuzz/qcow1_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_qcow1(std::as_bytes(std::span(data, size)));
    return 0;
}
