#pragma once
/// What a comparison of two images found: for `compare`.

#include <chrono>
#include <string>

#include "cli/terminal/json.h"
#include "engine/image/compare_images.h"

namespace varve {

enum class CompareText { one_sentence, with_ranges };

std::string compare_text(const CompareReport& report, CompareText detail);
Json compare_json(const CompareReport& report, const ImageReader& a, const ImageReader& b,
                  std::chrono::nanoseconds duration);

}  // namespace varve
