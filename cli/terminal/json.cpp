#include "cli/terminal/json.h"

namespace varve {
namespace {

constexpr int on_one_line = -1;

std::string dumped(const Json& json, int indent) {
    return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

Json versioned(const Json& fields) {
    Json json;
    json["version"] = json_version;
    json.update(fields);
    return json;
}

std::string json_text(const Json& json) { return dumped(json, 2); }

std::string json_line(const Json& fields) { return dumped(versioned(fields), on_one_line) + "\n"; }

}  // namespace varve
