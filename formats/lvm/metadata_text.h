#pragma once
/// The grammar of LVM2's metadata text and backup files, as a tree of sections:
///
///     name { key = value ... }        value: integer, float, "string", or a list of these in [ ]
///
/// '#' begins a comment that extends to the end of the line. In strings, \" stands for " and \\ for \. The meaning of
/// names and keys is not interpreted. Plain values; safe to use from any thread. Source: lvm2, libdm/libdm-config.c.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace varve::lvm {

struct TextEntry;

/// The contents of { }, in the order of the text; names are unique.
struct TextSection {
    std::vector<TextEntry> entries;

    /// Null if there is none. Linear in the number of entries.
    const TextEntry* find(std::string_view name) const;
};

using TextScalar = std::variant<std::int64_t, double, std::string>;
using TextList = std::vector<TextScalar>;
using TextValue = std::variant<TextScalar, TextList, TextSection>;

struct TextEntry {
    std::string name;  ///< untrusted
    std::uint32_t line = 0;
    TextValue value;

    /// Null if the value is of another kind.
    const TextSection* section() const { return std::get_if<TextSection>(&value); }
    const TextList* list() const { return std::get_if<TextList>(&value); }
    const TextScalar* scalar() const { return std::get_if<TextScalar>(&value); }
};

/// Reads a whole text and returns its top level. Takes O(n log n) time and bounded memory: Error(unsupported) for a
/// text with more than 4 million values. Throws Error(corrupt) with `where`, line, expected and found for a violation
/// of the grammar, a name that occurs twice in a section, and sections nested deeper than LVM ever nests them.
TextSection parse_text(std::string_view text, const std::string& where);

}  // namespace varve::lvm
