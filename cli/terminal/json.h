#pragma once
/// The parts of the program's JSON output, which cli/JSON.md describes for users: keys in the order they were set,
/// always valid UTF-8 (invalid bytes become U+FFFD). json_document.h prints whole documents.

#include <chrono>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace varve {

using Json = nlohmann::ordered_json;

/// MAJOR.MINOR: a new field raises the minor version; to rename or remove one, or change its meaning, the major one.
inline constexpr std::string_view json_version = "2.0";

/// `fields` behind the version: what every object begins with that stands alone.
Json versioned(const Json& fields);

/// Indented by two blanks, without a newline at the end.
std::string json_text(const Json& json);

/// versioned() on one line that ends with a newline: for standard error.
std::string json_line(const Json& fields);

/// `text`, or null where there is none.
inline Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

/// Seconds to the millisecond.
inline double json_seconds(std::chrono::nanoseconds duration) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    return static_cast<double>(ms) / 1000.0;
}

}  // namespace varve
