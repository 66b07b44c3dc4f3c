#pragma once
/// The facts about an image: for `info`.

#include <optional>
#include <string>

#include "cli/terminal/json.h"
#include "engine/image/image_info.h"

namespace varve {

/// What an image does not state about itself.
struct ImageFileFacts {
    std::optional<ByteCount>
        allocated;                    ///< what the image's own file takes on its file system; nullopt: it is not a file
    bool is_backing_followed = true;  ///< false: what the image is based on could not be opened
};

std::string info_text(const ImageInfo& info, const ImageFileFacts& file);
Json info_json(const ImageInfo& info, const ImageFileFacts& file);

}  // namespace varve
