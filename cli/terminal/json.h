#pragma once
/// JSON as the program prints it: keys in the order they were set, two blanks a level, always valid UTF-8 (bytes that
/// are not become U+FFFD), one newline at the end.

#include <chrono>
#include <string>

#include <nlohmann/json.hpp>

namespace varve {

using Json = nlohmann::ordered_json;

inline std::string json_text(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// Seconds to the millisecond.
inline double json_seconds(std::chrono::nanoseconds duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<double>(ms) / 1000.0;
}

}  // namespace varve
