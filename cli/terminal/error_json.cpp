#include "cli/terminal/error_json.h"

#include "cli/terminal/safe_text.h"

namespace varve {

std::string_view error_word(ErrorCode code) {
    switch (code) {
        case ErrorCode::not_found:
            return "not_found";
        case ErrorCode::corrupt:
            return "corrupt";
        case ErrorCode::catalog_damaged:
            return "catalog_damaged";
        case ErrorCode::unsupported:
            return "unsupported";
        case ErrorCode::io:
            return "io";
        case ErrorCode::conflict:
            return "conflict";
        case ErrorCode::refused:
            return "refused";
        case ErrorCode::cancelled:
            return "cancelled";
        case ErrorCode::usage:
            return "usage";
    }
    return error_word_internal;
}

Json error_json(std::string_view word, std::string_view message) {
    Json json;
    json["code"] = word;
    json["message"] = safe_sentence(message);
    return json;
}

Json error_json(const Error& error) { return error_json(error_word(error.code()), error.what()); }

}  // namespace varve
