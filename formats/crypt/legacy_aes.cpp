#include "formats/crypt/legacy_aes.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve::crypt {
namespace {

constexpr CipherSpec spec{CipherMode::cbc, IvMode::plain64, Hash::sha256, 16};
constexpr std::size_t sample_bytes = 8192;
constexpr int samples_max = 32;
constexpr int extents_max = 4096;

/// In 512 random bytes the most frequent value occurs 18 times with a probability of 10^-9.
bool has_structure(ByteView sector) {
    constexpr int frequent = 18;
    std::array<int, 256> counts{};
    for (const std::byte value : sector) ++counts[std::to_integer<std::size_t>(value)];
    return *std::ranges::max_element(counts) >= frequent;
}

bool any_has_structure(ByteView bytes) {
    for (; bytes.size() >= cipher_sector_bytes; bytes = bytes.subspan(cipher_sector_bytes))
        if (has_structure(bytes.first(cipher_sector_bytes))) return true;
    return false;
}

}  // namespace

SectorCipher legacy_aes(const SecretFile& secret) {
    KeyBytes key(spec.key_bytes);
    std::copy_n(secret.bytes().begin(), std::min(key.size(), secret.bytes().size()), key.begin());
    return {spec, key};
}

void refuse_noise(const ImageReader& disk, const std::string& name) {
    const ByteOffset end = ByteOffset{} + disk.info().virtual_size;
    Bytes sample;
    int samples = 0;
    ByteOffset at;
    for (int extents = 0; at < end && samples < samples_max && extents < extents_max; ++extents) {
        const Extent extent = disk.extent_at(at);
        if (extent.kind == ExtentKind::data && extent.length.value >= cipher_sector_bytes) {
            sample.resize(std::min<std::uint64_t>(sample_bytes, extent.length.value));
            disk.read(at, sample);
            if (any_has_structure(sample)) return;
            ++samples;
        }
        at += extent.length;
    }
    if (samples != 0)
        throw Error(ErrorCode::refused,
                    fmt::format("the secret does not open '{}': with it, all data at the beginning of the disk is "
                                "noise",
                                name));
}

}  // namespace varve::crypt
