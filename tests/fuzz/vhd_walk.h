#pragma once
/// What the VHD fuzz target does with one input. A test of tests/formats runs the corpus through it.

#include "formats/vhd/parent_names.h"
#include "formats/vhd/reader.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::fuzz {

/// The input with the checksums of its footer, of the copy and of the header made right, so that a change in any field
/// reaches the checks behind them.
inline Bytes with_vhd_checksums(ByteView input) {
    Bytes file(input.begin(), input.end());
    const auto fit = [&](std::uint64_t at, std::size_t length, std::size_t checksum_at) {
        if (at > file.size() || length > file.size() - at) return;
        const ByteSpan structure = ByteSpan(file).subspan(static_cast<std::size_t>(at), length);
        store_be<std::uint32_t>(structure.subspan(checksum_at), vhd::checksum_of(structure, checksum_at));
    };
    if (file.size() < vhd::footer_bytes) return file;
    const std::uint64_t end = file.size() - vhd::footer_bytes;
    fit(0, vhd::footer_bytes, vhd::footer_checksum_at);
    fit(vhd::parse_footer(ByteView(file).last(vhd::footer_bytes)).data_offset, vhd::header_bytes,
        vhd::header_checksum_at);
    fit(end, vhd::footer_bytes, vhd::footer_checksum_at);
    return file;
}

inline void walk_vhd(ByteView input) {
    try {
        const vhd::Reader reader(memory_source(input), {}, std::make_shared<ReadCaches>());
        walk(reader, ByteOffset{});
        const std::uint64_t size = reader.info().virtual_size.value;
        if (size > (1 << 20)) walk(reader, ByteOffset{size - (1 << 20) + 1});
        if (!reader.parent_names().empty()) VARVE_CHECK(!vhd::parent_names_here(reader.parent_names()).empty());
    } catch (const Error&) {
    }
}

/// Opens the input as a VHD, as it is and with right checksums, and walks it from its beginning and near its end. May
/// throw nothing but Error.
inline void open_walk_read_vhd(ByteView input) {
    walk_vhd(input);
    walk_vhd(with_vhd_checksums(input));
}

}  // namespace varve::fuzz
