#pragma once
/// How to find the backing file of an image that records no name for it, but what the file says of itself.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve {

/// What a look at one file tells.
struct BackingFit {
    std::string_view format = {};  ///< of a file that fits, as one of read_formats(); empty: it does not fit
    std::string doubt = {};        ///< of a file that fits, but may have changed: completes "'base.vdi' …"; or empty

    bool fits() const { return !format.empty(); }
};

struct BackingSearch {
    std::string wanted;  ///< for error texts: "the disk with the UUID …"
    /// Of the files that are looked at first, the first ending's before the second's; lower case: ".vdi".
    std::vector<std::string_view> endings;
    /// Whether a regular file is the one. Cheap, little is read; a file that it can't make out does not fit.
    std::function<BackingFit(const ByteSourcePtr&)> look;
};

}  // namespace varve
