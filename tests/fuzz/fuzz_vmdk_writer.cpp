// libFuzzer target: writes VMDK images of both kinds with any calls, and checks them against the specification: the
// same bytes, the same grains.

#include "tests/fuzz/vmdk_write_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    varve::fuzz::check_vmdk_plan(varve::fuzz::choose_vmdk_plan(std::as_bytes(std::span(data, size))));
    return 0;
}
