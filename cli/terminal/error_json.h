#pragma once
/// Errors as JSON: {"code", "message"}, the same object wherever one is reported.

#include <string_view>

#include "cli/terminal/json.h"
#include "engine/base/error.h"

namespace varve {

/// The word for scripts, listed in cli/JSON.md: the enumerator's name.
std::string_view error_word(ErrorCode code);

/// What is not an Error: the system refused memory or a thread; a fault of the program itself.
inline constexpr std::string_view error_word_resources = "resources";
inline constexpr std::string_view error_word_internal = "internal";

/// `message` is one sentence, escaped here.
Json error_json(std::string_view word, std::string_view message);
Json error_json(const Error& error);

}  // namespace varve
