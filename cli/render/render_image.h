#pragma once
/// The facts about an image: for `info`.

#include <string>

#include "cli/terminal/json.h"
#include "engine/image/image_info.h"

namespace varve {

std::string info_text(const ImageInfo& info);
Json info_json(const ImageInfo& info);

}  // namespace varve
