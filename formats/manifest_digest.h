#pragma once
/// The digests by which a package's manifest (.mf) knows its files, and its lines. Not shared between threads.
///
/// Source: DMTF DSP0243 (OVF) 1.1 and 2.1, section "Package manifest"; digests by OpenSSL.

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve {

enum class ManifestDigest { sha1, sha256, sha512 };

/// "SHA1", "SHA256" or "SHA512", as a manifest has it.
std::string_view name_of(ManifestDigest digest);

/// Hashes the bytes of one file as they come.
class ManifestHash {
public:
    explicit ManifestHash(ManifestDigest digest);
    ~ManifestHash();
    ManifestHash(ManifestHash&&) noexcept;
    ManifestHash& operator=(ManifestHash&&) noexcept;

    void update(ByteView bytes);
    /// The digest of all updates, in lower-case hexadecimal; once, as the last call.
    std::string finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// "SHA256(web01.ovf)= 9f86…\n". Without a blank before the parenthesis: ESXi takes no other.
std::string manifest_line(ManifestDigest digest, std::string_view file, std::string_view hex);

/// Of such a line, before the digest is known.
std::size_t manifest_line_bytes(ManifestDigest digest, std::string_view file);

}  // namespace varve
