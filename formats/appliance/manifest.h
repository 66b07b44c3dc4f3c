#pragma once
/// The manifest of an OVF package (".mf"): a digest of each file, which reveals damage in transit. Source: DMTF DSP0243
/// 1.1 and 2.1, "Integrity of OVF package": lines "SHA256(NAME)= HEX". Reading is more lenient, as products are: blanks
/// anywhere but in the name, letters of either case, CRLF, blank lines, a UTF-8 BOM.
///
/// Plain values; safe from any thread.

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/content_digest.h"
#include "engine/base/units.h"

namespace varve::appliance {

/// Of a whole manifest.
inline constexpr ByteCount manifest_bytes_max = mib(4);

struct ManifestEntry {
    std::string file;  ///< untrusted; as written, percent signs and all
    DigestAlgorithm algorithm = DigestAlgorithm::sha256;
    Bytes digest;
};

struct Manifest {
    std::vector<ManifestEntry> entries;  ///< in the text's order; a file may have one of each algorithm
    std::vector<std::string> warnings;   ///< sentences

    /// The entry of `file` with the strongest algorithm, or null; a leading "./" does not matter on either side, and
    /// case only if another entry has the name in the same case. Looks at every entry.
    const ManifestEntry* find(std::string_view file) const;
};

/// `where` names the text in errors: "'a.ova', member 'a.mf'". Throws Error(corrupt) with the line, expected and found
/// for lines that break the grammar and for two digests of one algorithm that differ; Error(refused) for texts larger
/// than any manifest. An unknown algorithm is a warning: that file can't be checked.
Manifest parse_manifest(ByteView text, const std::string& where);

/// The line of an entry: "SHA256(web01.ovf)= 9f86…\n". No blank before the parenthesis: ESXi accepts no other form.
std::string manifest_line(const ManifestEntry& entry);

/// The length of such a line, before the digest is known.
std::size_t manifest_line_bytes(DigestAlgorithm algorithm, const std::string& file);

}  // namespace varve::appliance
