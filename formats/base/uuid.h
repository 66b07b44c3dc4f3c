#pragma once
/// The identifiers that VirtualBox gives to disks: 16 bytes whose first three fields are little-endian on disk (the
/// layout of GUIDs). Plain values. Source: VirtualBox VDICore.h (RTUUID).

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve {

struct Uuid {
    std::array<std::byte, 16> bytes{};  ///< as on disk

    static Uuid make_random();
    /// A different UUID that depends only on this one and `purpose`.
    Uuid derived(std::string_view purpose) const;

    bool is_null() const { return is_zero(bytes); }
    /// "d3b7a6d0-0b51-4c5b-9f1c-2d0a6f0e8e11": lower case, without braces.
    std::string text() const;
    friend auto operator<=>(const Uuid&, const Uuid&) = default;
};

/// The UUIDs by which a search recognises an image.
struct DiskIdentity {
    Uuid create;
    Uuid modify;  ///< changes each time the image has been open for writing
};

/// Parses the text form, in either case and with or without braces; nothing for any other text.
std::optional<Uuid> parse_uuid(std::string_view text);

}  // namespace varve
