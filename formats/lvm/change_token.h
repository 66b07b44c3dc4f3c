#pragma once
/// What a backup of a snapshot records so that a later backup recognises the snapshot: the tokens of the change sources
/// `thin` and `cow`. Each is one line of text, because repositories keep them for years.

#include <optional>
#include <string>

#include "engine/base/bytes.h"
#include "engine/base/units.h"
#include "formats/lvm/thin/devices.h"

namespace varve::lvm {

/// The state of a thin volume. Whatever LVM does to it later shows in its device.
struct ThinToken {
    std::string group_uuid;
    std::string pool_uuid;
    std::string volume_uuid;
    thin::Device device;  ///< without its mapping root, which means nothing later
    ByteCount size;
    friend bool operator==(const ThinToken&, const ThinToken&) = default;
};

/// A classic snapshot. Whatever is written to it later goes into its store.
struct CowToken {
    std::string group_uuid;
    std::string store_uuid;
    std::string origin_uuid;
    friend bool operator==(const CowToken&, const CowToken&) = default;
};

Bytes encode(const ThinToken& token);
Bytes encode(const CowToken& token);

/// nullopt for a token of another kind or version.
std::optional<ThinToken> parse_thin_token(ByteView token);
std::optional<CowToken> parse_cow_token(ByteView token);

}  // namespace varve::lvm
