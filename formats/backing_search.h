#pragma once
/// How to find the backing file of an image that records no name for it, but what the file says of itself.

#include <functional>
#include <string>

#include "engine/base/file.h"

namespace varve {

/// What a look at one file tells.
struct BackingFit {
    bool fits = false;
    std::string doubt = {};  ///< of a file that fits, but may have changed: completes "'base.vdi' …"; or empty
};

struct BackingSearch {
    std::string wanted;  ///< for error texts: "the VDI image with the UUID …"
    std::string ending;  ///< of the files that are looked at first, lower case: ".vdi"
    /// Whether a regular file is the one. Cheap, a few bytes are read; a file that it can't make out does not fit.
    std::function<BackingFit(const File&)> look;
};

}  // namespace varve
