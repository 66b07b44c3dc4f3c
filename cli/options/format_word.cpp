#include "cli/options/format_word.h"

#include "formats/registry.h"

namespace varve {

std::optional<std::string> format_word(const Arguments& arguments, const std::string& option) {
    const auto typed = arguments.value(option);
    if (!typed || format_registry().find(*typed) != nullptr) return typed;
    const FormatDescriptor* format = format_registry().find_extension(*typed);
    return format == nullptr ? typed : std::optional(std::string(format->name));
}

}  // namespace varve
