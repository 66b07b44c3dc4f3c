// libFuzzer target: opens any bytes as a VMDK file of every kind, walks its map and reads from it.

#include "tests/fuzz/vmdk_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_vmdk(std::as_bytes(std::span(data, size)));
    return 0;
}
