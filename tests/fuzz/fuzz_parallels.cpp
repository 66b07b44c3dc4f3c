// libFuzzer target: opens any bytes as a Parallels image or as the descriptor of a disk, and reads from it.

#include "tests/fuzz/parallels_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_parallels(std::as_bytes(std::span(data, size)));
    return 0;
}
