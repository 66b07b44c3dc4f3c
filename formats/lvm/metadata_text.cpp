#include "formats/lvm/metadata_text.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve::lvm {
namespace {

constexpr int section_depth_max = 16;  // LVM nests 6 deep: group, volumes, volume, segment, message
constexpr std::size_t values_max = 4 << 20;
constexpr std::size_t shown_characters_max = 40;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr bool is_decimal_digit(char c) { return c >= '0' && c <= '9'; }

/// LVM's names consist of letters, digits and + _ . -; all other characters that are not part of the grammar are
/// accepted too, for later versions.
constexpr bool is_name_character(char c) {
    return c > ' ' && c != 0x7f && std::string_view("#={}[],\"'").find(c) == std::string_view::npos;
}

constexpr bool is_number_character(char c) {
    return is_decimal_digit(c) || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

class Parser {
public:
    Parser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    TextSection parse() {
        TextSection top = section_body(0);
        if (!at_end()) fail("a '}' without a section");
        return top;
    }

private:
    bool at_end() const { return at_ == text_.size(); }
    char peek() const { return text_[at_]; }

    [[noreturn]] void fail(const std::string& message) const {
        throw Error(ErrorCode::corrupt, fmt::format("{}, line {}: {}", where_, line_, message));
    }
    [[noreturn]] void fail_expected(std::string_view expected) const {
        if (at_end()) fail(fmt::format("expected {}, found the end of the text", expected));
        // Raw bytes, escaped because a message ends at a NUL.
        const std::string_view found = text_.substr(at_, shown_characters_max);
        const std::string_view line = found.substr(0, found.find('\n'));
        fail(fmt::format("expected {}, found '{}'", expected, escape_for_display(line)));
    }

    /// Skips blanks and comments.
    void skip_blanks() {
        for (; !at_end(); ++at_) {
            if (peek() == '#') at_ = std::min(text_.find('\n', at_), text_.size());
            if (at_end() || !is_blank(peek())) return;
            if (peek() == '\n') ++line_;
        }
    }

    /// Consumes `c` and returns true if it comes next.
    bool skip(char c) {
        skip_blanks();
        if (at_end() || peek() != c) return false;
        ++at_;
        return true;
    }

    template <typename Predicate>
    std::string_view take_while(Predicate belongs) {
        const std::size_t begin = at_;
        while (!at_end() && belongs(peek())) ++at_;
        return text_.substr(begin, at_ - begin);
    }

    /// Entries up to a '}', which is not consumed, or to the end.
    TextSection section_body(int depth) {
        TextSection section;
        for (skip_blanks(); !at_end() && peek() != '}'; skip_blanks()) section.entries.push_back(entry(depth));
        refuse_duplicate_names(section);
        return section;
    }

    TextEntry entry(int depth) {
        count_value();
        TextEntry out;
        out.line = line_;
        out.name = take_while(is_name_character);
        if (out.name.empty()) fail_expected("a name");
        if (skip('=')) {
            out.value = value();
        } else if (skip('{')) {
            out.value = section(out, depth + 1);
        } else {
            fail_expected(fmt::format("'=' or '{{' after '{}'", out.name));
        }
        return out;
    }

    TextSection section(const TextEntry& entry, int depth) {
        if (depth > section_depth_max) fail(fmt::format("sections are nested deeper than {}", section_depth_max));
        TextSection out = section_body(depth);
        if (!skip('}'))
            fail_expected(fmt::format("the '}}' of section '{}', which begins in line {}", entry.name, entry.line));
        return out;
    }

    TextValue value() {
        if (!skip('[')) return scalar();
        TextList list;
        if (skip(']')) return list;
        do {
            count_value();
            list.push_back(scalar());
        } while (skip(','));
        if (!skip(']')) fail_expected("',' or ']' in a list");
        return list;
    }

    TextScalar scalar() {
        if (skip('"')) return string();
        if (!at_end() && is_number_character(peek())) return number();
        fail_expected("a number, a string or a list");
    }

    /// The rest of a string whose opening quote was consumed.
    std::string string() {
        const std::uint32_t begin = line_;
        std::string out;
        for (;;) {
            out += take_while([](char c) { return c != '"' && c != '\\' && c != '\n' && c != '\0'; });
            if (at_end() || peek() == '\0') fail(fmt::format("the string that begins in line {} has no end", begin));
            const char c = text_[at_++];
            if (c == '"') return out;
            if (c == '\n') ++line_;
            const bool is_escape = c == '\\' && !at_end() && (peek() == '"' || peek() == '\\');
            out += is_escape ? text_[at_++] : c;
        }
    }

    TextScalar number() {
        const std::size_t begin = at_;
        const std::string_view digits = take_while(is_number_character);
        if (digits.find_first_of(".eE") == std::string_view::npos) return converted<std::int64_t>(digits, begin);
        return converted<double>(digits, begin);
    }

    template <typename T>
    T converted(std::string_view digits, std::size_t begin) {
        T number{};
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
        if (error == std::errc() && end == digits.data() + digits.size()) return number;
        at_ = begin;
        fail_expected("a 64-bit decimal number");
    }

    void count_value() {
        if (++values_ > values_max)
            throw Error(ErrorCode::unsupported,
                        fmt::format("{}, line {}: the text has more than {} values, which is the limit", where_, line_,
                                    values_max));
    }

    void refuse_duplicate_names(const TextSection& section) const {
        std::vector<const TextEntry*> sorted;
        for (const TextEntry& entry : section.entries) sorted.push_back(&entry);
        const auto by_name = [](const TextEntry* a, const TextEntry* b) { return a->name < b->name; };
        std::stable_sort(sorted.begin(), sorted.end(), by_name);
        const auto same_name = [](const TextEntry* a, const TextEntry* b) { return a->name == b->name; };
        const auto twice = std::adjacent_find(sorted.begin(), sorted.end(), same_name);
        if (twice == sorted.end()) return;
        throw Error(ErrorCode::corrupt, fmt::format("{}, line {}: duplicate '{}', first in line {}", where_,
                                                    twice[1]->line, (*twice)->name, (*twice)->line));
    }

    const std::string_view text_;
    const std::string& where_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    std::size_t values_ = 0;
};

}  // namespace

const TextEntry* TextSection::find(std::string_view name) const {
    const auto has_name = [&](const TextEntry& entry) { return entry.name == name; };
    const auto found = std::find_if(entries.begin(), entries.end(), has_name);
    return found == entries.end() ? nullptr : &*found;
}

TextSection parse_text(std::string_view text, const std::string& where) { return Parser(text, where).parse(); }

}  // namespace varve::lvm
