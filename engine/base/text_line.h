#pragma once
/// Reads the small text files that a host keeps: a title, then lines of words that one blank separates. They may have
/// been edited or cut: what is not as expected is Error(corrupt) that names the file and the line. Pure functions.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

namespace varve {

/// The words of one line, from left to right.
class TextLine {
public:
    /// Borrows both texts. `object` names the file.
    TextLine(std::string_view line, std::size_t number, const std::string& object)
        : rest_(line), number_(number), object_(object) {}

    /// Empty at the end of the line.
    std::string_view word();
    /// A word of exactly 2 × out.size() hex digits; `what` completes "expected the … hex digits of".
    void hex(ByteSpan out, std::string_view what);
    /// A decimal number from 0 to `max`.
    std::uint64_t number(std::uint64_t max);
    /// Throws unless all words were read.
    void finish() const;
    [[noreturn]] void fail(const std::string& what) const;

private:
    std::string_view rest_;
    std::size_t number_;
    const std::string& object_;
};

/// Calls `read` for each line after the first, which must be `title`; `read` must read every word.
void for_each_line(std::string_view text, std::string_view title, const std::string& object,
                   const std::function<void(TextLine&)>& read);

}  // namespace varve
