#pragma once
/// The JSON document that a command prints on standard output, one a command. It begins with the version of the schema
/// and ends with the warnings so far; both are added here, so that no command can omit them.

#include <string_view>

#include "cli/terminal/console.h"
#include "cli/terminal/json.h"

namespace varve {

void print_json(Console& console, const Json& fields);

/// The document of a command that failed; nothing if it has printed something already, which must stay one document.
/// `word` and `message` are those of error_json().
void print_error_json(Console& console, std::string_view word, std::string_view message);

/// A document whose one array can be longer than memory should hold: its elements are printed one by one.
class JsonArrayPrinter {
public:
    JsonArrayPrinter(Console& console, std::string_view name);

    /// `element` is valid JSON on one line.
    void add(std::string_view element);
    /// Ends the array and the document; `fields` follow the array.
    void finish(const Json& fields);

private:
    Console& console_;
    bool is_first_ = true;
};

}  // namespace varve
