#pragma once
/// The grammar of LVM2's metadata text and backup files, as a tree of sections:
///
///     name { key = value ... }        value: integer, float, "string", or a list of these in [ ]
///
/// '#' begins a comment up to the line's end. In strings, \" stands for " and \\ for \. Names, keys and their meaning
/// are not looked at. Plain values; safe from any thread. Source: lvm2, libdm/libdm-config.c.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace varve::lvm {

struct TextEntry;

/// What stands in { }, in the order of the text; no name twice.
struct TextSection {
    std::vector<TextEntry> entries;

    /// Null when there is none. Takes time in proportion to the number of entries.
    const TextEntry* find(std::string_view name) const;
};

using TextScalar = std::variant<std::int64_t, double, std::string>;
using TextList = std::vector<TextScalar>;
using TextValue = std::variant<TextScalar, TextList, TextSection>;

struct TextEntry {
    std::string name;  ///< untrusted
    std::uint32_t line = 0;
    TextValue value;

    /// Null when it is not of that kind.
    const TextSection* section() const { return std::get_if<TextSection>(&value); }
    const TextList* list() const { return std::get_if<TextList>(&value); }
    const TextScalar* scalar() const { return std::get_if<TextScalar>(&value); }
};

/// Reads a whole text; gives its top level. Time is n log n, memory bounded: Error(unsupported) for a text with more
/// than 4 million values. Throws Error(corrupt) with `where`, line, expected and found for what breaks the grammar, for
/// a name twice in one section, and for sections nested deeper than LVM ever does.
TextSection parse_text(std::string_view text, const std::string& where);

}  // namespace varve::lvm
