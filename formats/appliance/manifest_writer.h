#pragma once
/// The lines of a new package's manifest (.mf). Pure.
///
/// Source: DMTF DSP0243 (OVF) 1.1 and 2.1, section "Integrity of OVF package".

#include <string>
#include <string_view>

#include "engine/base/content_digest.h"

namespace varve::appliance {

/// "SHA256(web01.ovf)= 9f86…\n". Without a blank before the parenthesis: ESXi takes no other.
std::string manifest_line(DigestAlgorithm algorithm, std::string_view file, ByteView digest);

/// Of such a line, before the digest is known.
std::size_t manifest_line_bytes(DigestAlgorithm algorithm, std::string_view file);

}  // namespace varve::appliance
