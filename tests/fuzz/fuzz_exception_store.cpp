// libFuzzer target: any bytes as the store of a classic LVM snapshot.

#include "tests/fuzz/exception_store_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::exception_store::run(std::as_bytes(std::span(data, size)));
    return 0;
}
