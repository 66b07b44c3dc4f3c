#include "formats/crypt/decrypted_read.h"

#include <algorithm>
#include <array>

#include "engine/base/check.h"

namespace varve::crypt {
namespace {

/// A part of one sector: `out` begins `skipped` bytes into it.
void read_part(const ByteSource& source, ByteOffset sector_at, std::uint64_t number, const SectorCipher& cipher,
               std::size_t skipped, ByteSpan out) {
    std::array<std::byte, cipher_sector_bytes> sector{};
    source.read_at(sector_at, sector);
    cipher.decrypt(number, sector);
    std::copy_n(sector.begin() + static_cast<std::ptrdiff_t>(skipped), out.size(), out.begin());
}

}  // namespace

ByteCount decrypted_read(const ByteSource& source, ByteOffset at, ByteOffset numbered, const SectorCipher& cipher,
                         ByteSpan out) {
    const std::size_t skipped = numbered.value % cipher_sector_bytes;
    VARVE_CHECK(at.value % cipher_sector_bytes == skipped);
    const ByteCount fetched{out.size()};
    std::uint64_t number = numbered.value / cipher_sector_bytes;
    ByteOffset sector_at{at.value - skipped};
    const auto take_part = [&](std::size_t begin, std::size_t length) {
        read_part(source, sector_at, number++, cipher, begin, out.first(length));
        sector_at += ByteCount{cipher_sector_bytes};
        out = out.subspan(length);
    };
    if (skipped != 0) take_part(skipped, std::min(cipher_sector_bytes - skipped, out.size()));
    const ByteSpan whole = out.first(out.size() / cipher_sector_bytes * cipher_sector_bytes);
    if (!whole.empty()) {
        source.read_at(sector_at, whole);
        cipher.decrypt(number, whole);
        number += whole.size() / cipher_sector_bytes;
        sector_at += ByteCount{whole.size()};
        out = out.subspan(whole.size());
    }
    if (!out.empty()) take_part(0, out.size());
    return fetched;
}

}  // namespace varve::crypt
