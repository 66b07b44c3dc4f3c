#pragma once
/// Which disk of an appliance is read, and how far its manifest is trusted.

#include <cstdint>
#include <optional>
#include <string>

namespace varve::appliance {

/// Whether an appliance's files must have the digests that its manifest lists.
enum class ManifestUse : std::uint8_t { check, ignore };

/// Whether a disk in an appliance is first read whole, to be compared with the manifest. Not for commands that only
/// look at it.
enum class PackagedContent : std::uint8_t { checked, unchecked };

struct PackageOptions {
    std::optional<std::string> member =
        {};  ///< the disk's file as the descriptor names it, or its id; none: the only disk
    ManifestUse manifest = ManifestUse::check;
    PackagedContent content = PackagedContent::checked;
};

}  // namespace varve::appliance
