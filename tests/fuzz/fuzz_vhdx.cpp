// libFuzzer target: the structures of a VHDX image with any bytes and right checksums; replays the log, walks the
// blocks and reads from them.

#include "tests/fuzz/vhdx_walk.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::open_walk_read_vhdx(std::as_bytes(std::span(data, size)));
    return 0;
}
