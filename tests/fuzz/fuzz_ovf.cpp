// libFuzzer target: reads any bytes as the descriptor or the manifest of an OVF package.

#include "tests/fuzz/ova_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::parse_ovf(std::as_bytes(std::span(data, size)));
    return 0;
}
