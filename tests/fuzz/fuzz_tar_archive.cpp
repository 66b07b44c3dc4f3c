// libFuzzer target: lists any bytes as a tar archive.

#include "tests/fuzz/ova_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::list_archive(std::as_bytes(std::span(data, size)));
    return 0;
}
