#pragma once
/// What the qcow1 fuzz target does with one input. A test of tests/formats runs the corpus through it.

#include "formats/qcow1/reader.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::fuzz {

/// Opens the input as a qcow image of version 1 and walks it from its beginning and near its end. May throw nothing but
/// Error.
inline void open_walk_read_qcow1(ByteView input) {
    try {
        const qcow1::Reader reader(memory_source(input), qcow1::Reader::Options{}, std::make_shared<ReadCaches>());
        walk(reader, ByteOffset{});
        const std::uint64_t size = reader.info().virtual_size.value;
        if (size > (1 << 20)) walk(reader, ByteOffset{size - (1 << 20) + 1});
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
