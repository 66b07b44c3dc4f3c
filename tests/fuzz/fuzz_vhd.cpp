// libFuzzer target: opens any bytes as a VHD, walks its block table and bitmaps and reads from it.

#include "tests/fuzz/vhd_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_vhd(std::as_bytes(std::span(data, size)));
    return 0;
}
