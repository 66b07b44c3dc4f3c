#pragma once
/// JSON as the program prints it: keys in the order they were set, indented by two blanks, always valid UTF-8 (invalid
/// bytes become U+FFFD), with one newline at the end.

#include <chrono>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"

namespace varve {

using Json = nlohmann::ordered_json;

inline std::string json_text(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

inline void print_json(Console& console, const Json& json) { console.print_exactly(json_text(json)); }

/// An array of warnings, escaped as on the terminal.
inline Json sentences_json(const std::vector<std::string>& sentences) {
    Json json = Json::array();
    for (const std::string& sentence : sentences) json.push_back(safe_sentence(sentence));
    return json;
}

/// Seconds to the millisecond.
inline double json_seconds(std::chrono::nanoseconds duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<double>(ms) / 1000.0;
}

}  // namespace varve
