#include "cli/terminal/json_document.h"

#include <fmt/format.h>

#include "cli/terminal/error_json.h"
#include "cli/terminal/safe_text.h"

namespace varve {
namespace {

Json with_warnings(Json fields, const Console& console) {
    fields["warnings"] = Json::array();
    for (const std::string& sentence : console.warnings()) fields["warnings"].push_back(safe_sentence(sentence));
    return fields;
}

}  // namespace

void print_json(Console& console, const Json& fields) {
    console.print_exactly(json_text(with_warnings(versioned(fields), console)) + "\n");
}

void print_error_json(Console& console, std::string_view word, std::string_view message) {
    if (console.has_printed()) return;
    Json json;
    json["error"] = error_json(word, message);
    print_json(console, json);
}

JsonArrayPrinter::JsonArrayPrinter(Console& console, std::string_view name) : console_(console) {
    console_.print_exactly(fmt::format("{{\n  \"version\": \"{}\",\n  \"{}\": [", json_version, name));
}

void JsonArrayPrinter::add(std::string_view element) {
    console_.print_exactly(fmt::format("{}\n    {}", is_first_ ? "" : ",", element));
    is_first_ = false;
}

void JsonArrayPrinter::finish(const Json& fields) {
    const std::string rest = json_text(with_warnings(fields, console_)).substr(1);  // without its brace
    console_.print_exactly(fmt::format("{}],{}\n", is_first_ ? "" : "\n  ", rest));
}

}  // namespace varve
