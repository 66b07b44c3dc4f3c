#include "cli/terminal/safe_text.h"

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "tests/catch.h"

using namespace varve;

TEST_CASE("safe text: an error that names a control character never shows it", "[cli]") {
    for (int c = 0; c < 256; ++c) {
        const std::string name = std::string("a") + static_cast<char>(c) + "b";
        Error error(ErrorCode::corrupt, "'" + name + "' is damaged");
        error.with_context("'" + name + "'");
        const std::string shown = safe_sentence(error.what());
        CAPTURE(c, shown);
        CHECK(is_valid_utf8(shown));
        for (const char byte : shown) CHECK((static_cast<unsigned char>(byte) >= 0x20 && byte != 0x7f));
    }
}

TEST_CASE("safe text: terminal escape sequences, bidirectional overrides and C1 controls are made visible", "[cli]") {
    CHECK(safe_sentence("'\x1b]0;title\x07' is missing") == R"('\x1b]0;title\x07' is missing)");
    CHECK(safe_sentence("\u202egnp.exe") == R"(\xe2\x80\xaegnp.exe)");
    CHECK(safe_sentence("\u2066\u2069") == R"(\xe2\x81\xa6\xe2\x81\xa9)");
    CHECK(safe_sentence("\u009b2J") == R"(\xc2\x9b2J)");
    CHECK(safe_sentence("first\nsecond\tthird\r") == R"(first\nsecond\tthird\r)");
}

TEST_CASE("safe text: invalid UTF-8 is made visible, valid UTF-8 is kept", "[cli]") {
    CHECK(safe_sentence("bad\xff\xc3 name") == R"(bad\xff\xc3 name)");
    CHECK(safe_sentence("cut \xe2\x82\\x") == R"(cut \xe2\x82\x)");
    CHECK(safe_sentence("Größe \u20ac") == "Größe \u20ac");
}

TEST_CASE("safe text: what is escaped already is not escaped twice", "[cli]") {
    const std::string escaped = escape_for_display("a\\b\x1b\n\xff");
    CHECK(safe_sentence(escaped) == escaped);
    CHECK(safe_sentence(safe_sentence("\x1b[2J")) == safe_sentence("\x1b[2J"));
}

TEST_CASE("safe text: an answer of several lines keeps its newlines only", "[cli]") {
    CHECK(safe_lines("DISK\nvda\x1b[2J\n\n") == "DISK\nvda\\x1b[2J\n\n");
    CHECK(safe_lines("\n") == "\n");
    CHECK(safe_lines("").empty());
}
