#pragma once
/// What the vhdx fuzz target does with one input. A test of tests/formats runs the corpus through it.

#include "engine/base/crc.h"
#include "formats/vhdx/reader.h"
#include "tests/fuzz/qcow2_walk.h"

namespace varve::fuzz {

/// The input holds the structures of a small file without the gaps between them: each place in the file, and the length
/// that the input has for it. Their checksums are made right, so that what is behind them is reached.
struct VhdxPart {
    std::size_t place, length;
    std::size_t sealed;  ///< bytes under the checksum at byte 4; 0: it has none
};

inline constexpr std::array vhdx_parts{VhdxPart{0, 8, 0},
                                       VhdxPart{64 << 10, 80, 4096},
                                       VhdxPart{128 << 10, 80, 4096},
                                       VhdxPart{192 << 10, 112, 64 << 10},
                                       VhdxPart{2 << 20, 224, 0},
                                       VhdxPart{(2 << 20) + (64 << 10), 200, 0},
                                       VhdxPart{3 << 20, 128, 0},
                                       VhdxPart{1 << 20, 8192, 8192},
                                       VhdxPart{(1 << 20) + 8192, 8192, 8192},
                                       VhdxPart{4 << 20, 64, 0}};

inline Bytes vhdx_file_of(ByteView input) {
    Bytes file(6 << 20);
    for (const VhdxPart& part : vhdx_parts) {
        const std::size_t length = std::min(part.length, input.size());
        std::ranges::copy(input.first(length), file.begin() + static_cast<std::ptrdiff_t>(part.place));
        input = input.subspan(length);
        if (part.sealed == 0) continue;
        const ByteSpan whole = ByteSpan(file).subspan(part.place, part.sealed);
        store_le(whole.subspan(4), std::uint32_t{0});
        store_le(whole.subspan(4), crc32c(whole));
    }
    return file;
}

/// Opens the file of the input as a VHDX image and walks it from its beginning and near its end. May throw nothing but
/// Error.
inline void open_walk_read_vhdx(ByteView input) {
    try {
        const vhdx::Reader reader(memory_source(vhdx_file_of(input)), {}, std::make_shared<ReadCaches>());
        walk(reader, ByteOffset{});
        const std::uint64_t size = reader.info().virtual_size.value;
        if (size > (1 << 20)) walk(reader, ByteOffset{size - (1 << 20) + 1});
    } catch (const Error&) {
    }
}

}  // namespace varve::fuzz
