#include "formats/crypt/encrypting_output.h"

#include <algorithm>

#include "engine/base/check.h"

namespace varve::crypt {
namespace {

constexpr std::size_t piece_bytes = std::size_t{256} << 10;

}  // namespace

void EncryptingOutput::write(ByteOffset at, ByteView bytes) {
    VARVE_CHECK(at >= sector_0_ && (at - sector_0_).value % cipher_sector_bytes == 0);
    while (!bytes.empty()) {
        const ByteView piece = bytes.first(std::min(piece_bytes, bytes.size()));
        buffer_.assign(piece.begin(), piece.end());
        cipher_.encrypt((at - sector_0_).value / cipher_sector_bytes, buffer_);
        output_.write(at, buffer_);
        at += ByteCount{piece.size()};
        bytes = bytes.subspan(piece.size());
    }
}

void EncryptingOutput::zero(ByteRange range) { write_zeros(*this, range); }

}  // namespace varve::crypt
