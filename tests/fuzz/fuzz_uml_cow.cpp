// libFuzzer target: opens any bytes as a User-Mode Linux disk, walks its map and reads from it.

#include "tests/fuzz/uml_cow_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_uml_cow(std::as_bytes(std::span(data, size)));
    return 0;
}
