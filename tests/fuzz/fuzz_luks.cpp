// libFuzzer target: opens any bytes as a LUKS volume, and reads it if the secret of the seeds opens it.

#include "tests/fuzz/luks_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_luks(std::as_bytes(std::span(data, size)));
    return 0;
}
