#pragma once
/// The unit in which an OVF descriptor counts a disk's capacity. Source: DMTF DSP0004, annex C "Programmatic Units"
/// ("byte * 2^20"); the words of OVF before 1.0 ("MegaBytes"), in any case, which are powers of 1024.
///
/// A pure function; safe from any thread.

#include <cstdint>
#include <optional>
#include <string_view>

namespace varve::appliance {

/// Bytes of one unit; nothing for a unit that is not known; 2^64 - 1 for all that have more. An empty text is bytes.
std::optional<std::uint64_t> bytes_per_unit(std::string_view units);

}  // namespace varve::appliance
