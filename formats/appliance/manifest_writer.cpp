#include "formats/appliance/manifest_writer.h"

#include <fmt/format.h>

#include "engine/base/hex.h"

namespace varve::appliance {

std::string manifest_line(DigestAlgorithm algorithm, std::string_view file, ByteView digest) {
    return fmt::format("{}({})= {}\n", name_of(algorithm), file, to_hex(digest));
}

std::size_t manifest_line_bytes(DigestAlgorithm algorithm, std::string_view file) {
    return manifest_line(algorithm, file, {}).size() + 2 * digest_bytes(algorithm);
}

}  // namespace varve::appliance
