#pragma once
/// The identifiers by which VirtualBox tells disks apart: 16 bytes whose first three fields lie in little-endian order
/// on disk (the layout of GUIDs). Plain values. Source: VirtualBox VDICore.h (RTUUID).

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve::vdi {

struct Uuid {
    std::array<std::byte, 16> bytes{};  ///< as on disk

    static Uuid make_random();
    /// Another one that depends on this one alone.
    Uuid derived(std::string_view purpose) const;

    bool is_null() const { return is_zero(bytes); }
    /// "d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11": lower case, without braces.
    std::string text() const;
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// What names an image, as far as a search needs it.
struct Identity {
    Uuid create;
    Uuid modify;  ///< another one after each time that the image was open for writing
};

/// From the text form, of either case and with or without braces; nothing for any other text.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace varve::vdi
