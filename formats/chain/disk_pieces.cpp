#include "formats/chain/disk_pieces.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/number_text.h"

namespace varve {
namespace {

constexpr std::size_t digits = 3;

struct PieceName {
    std::string_view stem;  ///< with the dot
    unsigned number = 0;
};

/// Nothing for a name that does not end in a dot and three digits, or has nothing before them.
std::optional<PieceName> parse_piece(std::string_view name) {
    if (name.size() < digits + 2 || name[name.size() - digits - 1] != '.') return std::nullopt;
    const std::string_view stem = name.substr(0, name.size() - digits);
    const auto number = parse_number<unsigned>(name.substr(stem.size()));
    return number ? std::optional(PieceName{stem, *number}) : std::nullopt;
}

std::string piece_name(std::string_view stem, unsigned number) { return fmt::format("{}{:03}", stem, number); }

Error missing(const std::string& piece, std::string_view first, const std::string& last) {
    return Error(ErrorCode::refused,
                 fmt::format("'{}' and '{}' look like pieces of one raw disk, but '{}' between them is missing; pass "
                             "--format raw to read '{}' alone",
                             first, last, piece, first));
}

}  // namespace

std::vector<std::string> pieces_after(std::string_view first, const std::vector<std::string>& beside) {
    const auto piece = parse_piece(first);
    if (!piece) return {};
    std::set<unsigned> numbers;
    for (const std::string& name : beside)
        if (const auto other = parse_piece(name); other && other->stem == piece->stem) numbers.insert(other->number);
    if (piece->number != 0 && numbers.contains(piece->number - 1))
        throw Error(
            ErrorCode::refused,
            fmt::format("'{}' looks like a later piece of a raw disk, after '{}': name the first piece, or pass "
                        "--format raw to read this one alone",
                        first, piece_name(piece->stem, piece->number - 1)));
    std::vector<std::string> names;
    if (piece->number > 1 || numbers.empty()) return names;
    const unsigned last = *numbers.rbegin();
    for (unsigned number = piece->number + 1; number <= last; ++number) {
        if (!numbers.contains(number))
            throw missing(piece_name(piece->stem, number), first, piece_name(piece->stem, last));
        names.push_back(piece_name(piece->stem, number));
    }
    return names;
}

}  // namespace varve
