#include "formats/name_endings.h"

#include <algorithm>

namespace varve {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool ends_in(std::string_view name, std::string_view ending) {
    return name.size() >= ending.size() &&
           std::equal(ending.begin(), ending.end(), name.end() - static_cast<std::ptrdiff_t>(ending.size()),
                      [](char a, char b) { return lower(a) == lower(b); });
}

}  // namespace

std::size_t ending_rank(std::string_view name, std::span<const std::string_view> endings) {
    std::size_t rank = 0;
    while (rank < endings.size() && !ends_in(name, endings[rank])) ++rank;
    return rank;
}

}  // namespace varve
