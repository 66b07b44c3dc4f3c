#include "store/backend/backend.h"

namespace varve {
namespace {

bool is_name_character(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; }

}  // namespace

bool is_object_name(std::string_view name) {
    bool part_is_empty = true;
    for (const char c : name) {
        if (c == '/' ? part_is_empty : !is_name_character(c)) return false;
        part_is_empty = c == '/';
    }
    return !part_is_empty;
}

}  // namespace varve
