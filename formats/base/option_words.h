#pragma once
/// The creation options of one image format: a table of words, each with its values and how they are set. The checks,
/// the usage errors and the help all come from that one table. Pure functions.

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/units.h"

namespace varve {

/// Words with their values, as given by the user or recorded in a snapshot.
using OptionMap = std::map<std::string, std::string>;

/// Whether a new image takes this option from its source when the user does not give it.
enum class FromSource { taken, never };

/// The kind of value that a word takes.
enum class OptionValue {
    own,          ///< defined by the format
    read_format,  ///< the name of a format that is read; checked by check_creation_options()
};

/// One word, as the help and the errors show it.
struct OptionWord {
    std::string_view name;
    std::string_view values;   ///< the allowed ones, e.g. "on, off"
    std::string_view meaning;  ///< what it does, for the help
    FromSource from_source = FromSource::never;
    OptionValue value = OptionValue::own;
};

/// One word, with its effect on the settings of its format.
template <typename Settings>
struct SettingWord {
    OptionWord word;
    /// False when `value` is not one of word.values.
    bool (*set)(Settings& settings, std::string_view value);
};

/// Error(usage): `format` has no option `name`; lists those it has.
Error unknown_word(std::string_view format, std::string_view name, const std::vector<OptionWord>& known);

/// Error(usage): states the word, the value and what is allowed.
Error wrong_value(std::string_view format, const OptionWord& word, std::string_view value);

template <typename Settings>
std::vector<OptionWord> words_of(std::span<const SettingWord<Settings>> table) {
    std::vector<OptionWord> words;
    for (const SettingWord<Settings>& entry : table) words.push_back(entry.word);
    return words;
}

/// The settings that `options` ask for, each word by itself; the format checks whether they are compatible. Throws
/// Error(usage) as above.
template <typename Settings>
Settings parse_options(std::string_view format, std::span<const SettingWord<Settings>> table,
                       const OptionMap& options) {
    Settings settings;
    for (const auto& [name, value] : options) {
        const auto known =
            std::ranges::find(table, std::string_view(name), [](const auto& entry) { return entry.word.name; });
        if (known == table.end()) throw unknown_word(format, name, words_of(table));
        if (!known->set(settings, value)) throw wrong_value(format, known->word, value);
    }
    return settings;
}

/// "on" or "off".
std::optional<bool> parse_on_off(std::string_view value);

/// A whole number without a sign.
std::optional<std::uint64_t> parse_number(std::string_view value);

/// A number of bytes: digits, then optionally one of K, M, G, T (either case) for a power of 1024. Nothing when it is
/// not such a number or does not fit.
std::optional<ByteCount> parse_size(std::string_view value);

/// Sets `to` if there is a value, and returns whether there is one: the last step of a word's `set`.
template <typename T, typename Value>
bool assign(T& to, const std::optional<Value>& value) {
    if (value) to = *value;
    return value.has_value();
}

}  // namespace varve
