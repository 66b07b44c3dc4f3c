#pragma once
/// What the VDI fuzz target does with one input. A test of tests/formats runs the corpus through it.

#include "formats/chain/parent_by_uuid.h"
#include "formats/registry.h"
#include "formats/vdi/reader.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::fuzz {

/// Opens the input as a VDI image, walks it from its beginning and near its end, and asks whether it is its own parent.
/// May throw nothing but Error.
inline void open_walk_read_vdi(ByteView input) {
    try {
        const vdi::Reader reader(memory_source(input), {}, std::make_shared<ReadCaches>());
        walk(reader, ByteOffset{});
        const std::uint64_t size = reader.info().virtual_size.value;
        if (size > (1 << 20)) walk(reader, ByteOffset{size - (1 << 20) + 1});
        const vdi::Header& header = reader.header();
        if (header.is_differencing())
            VARVE_CHECK(
                look_for_parent({{header.parent, header.parent_modify}}, memory_source(input), format_registry())
                    .fits() == (header.parent == header.create));
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
