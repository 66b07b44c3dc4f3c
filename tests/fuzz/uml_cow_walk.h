#pragma once
/// What the uml_cow fuzz target does with one input. A test of tests/formats runs the corpus through it.

#include "formats/uml_cow/reader.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::fuzz {

/// Opens the input as a User-Mode Linux disk and walks it from its beginning and near its end. May throw nothing but
/// Error.
inline void open_walk_read_uml_cow(ByteView input) {
    try {
        const uml_cow::Reader reader(memory_source(input), {}, std::make_shared<ReadCaches>());
        walk(reader, ByteOffset{});
        const std::uint64_t size = reader.info().virtual_size.value;
        if (size > (1 << 20)) walk(reader, ByteOffset{size - (1 << 20) + 1});
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
