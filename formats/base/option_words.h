#pragma once
/// The creation options of one image format: a table of words, each with the values it takes and how they are set. The
/// checks, the sentences of wrong usage and the help all come from the one table. Pure functions.

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

/// Words with their values, as the user or a snapshot's record has them.
using OptionMap = std::map<std::string, std::string>;

/// Whether an image is made like its source in this respect, where the user says nothing.
enum class FromSource { taken, never };

/// One word, for people.
struct OptionWord {
    std::string_view name;
    std::string_view values;   ///< what it takes, e.g. "on, off"
    std::string_view meaning;  ///< what it does, for the help
    FromSource from_source = FromSource::never;
};

/// One word, with what it does to the settings of its format.
template <typename Settings>
struct SettingWord {
    OptionWord word;
    /// False when `value` is none of word.values.
    bool (*set)(Settings& settings, std::string_view value);
};

/// Error(usage): `format` has no such word; lists those it has.
Error unknown_word(std::string_view format, std::string_view name, const std::vector<OptionWord>& known);

/// Error(usage): the word, the value, and what is allowed.
Error wrong_value(std::string_view format, const OptionWord& word, std::string_view value);

template <typename Settings>
std::vector<OptionWord> words_of(std::span<const SettingWord<Settings>> table) {
    std::vector<OptionWord> words;
    for (const SettingWord<Settings>& entry : table) words.push_back(entry.word);
    return words;
}

/// The settings that `options` ask for, word by word; whether they go together is for the format to say. Throws
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

/// A number of bytes: digits and, if any, one of K, M, G, T (either case), powers of 1024. Nothing when it is no such
/// number or does not fit.
std::optional<ByteCount> parse_size(std::string_view value);

/// Sets `to` if there is a value; says whether there was: how a word's `set` ends.
template <typename T, typename Value>
bool assign(T& to, const std::optional<Value>& value) {
    if (value) to = *value;
    return value.has_value();
}

}  // namespace varve
