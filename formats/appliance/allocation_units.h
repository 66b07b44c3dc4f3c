#pragma once
/// The unit of a disk's capacity in an OVF descriptor. Source: DMTF DSP0004, annex C "Programmatic Units"
/// ("byte * 2^20"); also the words of OVF before 1.0 ("MegaBytes"), in any case, which are powers of 1024.
///
/// A pure function; safe from any thread.

#include <cstdint>
#include <optional>
#include <string_view>

namespace varve::appliance {

/// Bytes per unit, at most 2^64 - 1; nothing for an unknown unit. An empty text means bytes.
std::optional<std::uint64_t> bytes_per_unit(std::string_view units);

}  // namespace varve::appliance
