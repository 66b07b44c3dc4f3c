// libFuzzer target: writes a qcow2 image of any kind with any calls, and reads it back: the same bytes and extents.

#include "tests/fuzz/write_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::check_reads_back(varve::fuzz::choose_plan(std::as_bytes(std::span(data, size))));
    return 0;
}
