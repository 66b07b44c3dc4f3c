#include "formats/output/output.h"

#include <algorithm>

#include "formats/base/zero_split.h"

namespace varve {
namespace {

constexpr std::size_t zero_piece_bytes = std::size_t{256} << 10;

}  // namespace

void write_zeros(Output& output, ByteRange range) {
    static const Bytes zeros(zero_piece_bytes);
    while (!range.empty()) {
        const ByteCount piece{std::min<std::uint64_t>(range.length.value, zeros.size())};
        output.write(range.begin, ByteView(zeros).first(piece.value));
        range = {range.begin + piece, range.length - piece};
    }
}

void write_sparse(Output& output, ByteOffset at, ByteView bytes) {
    ZeroSplit split(at, bytes, kib(4));
    while (const auto run = split.next()) {
        if (run->is_zero)
            output.zero(run->range());
        else
            output.write(run->begin, run->bytes);
    }
}

}  // namespace varve
