// libFuzzer target: opens any bytes as the metadata of a thin pool, walks its devices, compares them and reads their
// disks.

#include "tests/fuzz/thin_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_compare(std::as_bytes(std::span(data, size)));
    return 0;
}
