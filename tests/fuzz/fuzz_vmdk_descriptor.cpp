// libFuzzer target: reads any bytes as the descriptor of a VMDK.

#include "tests/fuzz/vmdk_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::parse_vmdk_descriptor(std::as_bytes(std::span(data, size)));
    return 0;
}
