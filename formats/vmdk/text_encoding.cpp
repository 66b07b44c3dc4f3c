#include "formats/vmdk/text_encoding.h"

#include <iconv.h>
#include <algorithm>

#include "engine/base/ascii.h"

namespace varve::vmdk {
namespace {

/// A conversion to UTF-8, open as long as it lives.
class Conversion {
public:
    explicit Conversion(const std::string& encoding) : handle_(::iconv_open("UTF-8", encoding.c_str())) {}
    ~Conversion() {
        if (is_open()) ::iconv_close(handle_);
    }
    Conversion(const Conversion&) = delete;
    Conversion& operator=(const Conversion&) = delete;

    bool is_open() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

    std::optional<std::string> convert(std::string text) {
        constexpr std::size_t utf8_bytes_max = 4;  // of one character, which has at least one byte in any encoding
        std::string out(text.size() * utf8_bytes_max, '\0');
        char* from = text.data();
        std::size_t left = text.size();
        char* to = out.data();
        std::size_t room = out.size();
        if (::iconv(handle_, &from, &left, &to, &room) == static_cast<std::size_t>(-1)) return std::nullopt;
        out.resize(out.size() - room);
        return out;
    }

private:
    iconv_t handle_;
};

bool is_ascii(const std::string& text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// The names of encodings are short; iconv's own suffixes ("//TRANSLIT") are none.
bool is_encoding_name(const std::string& name) {
    constexpr std::size_t bytes_max = 64;
    return !name.empty() && name.size() <= bytes_max && is_ascii(name) && name.find('/') == std::string::npos;
}

}  // namespace

std::optional<std::string> to_utf8(const std::string& text, const std::string& encoding) {
    if (is_ascii(text) || !is_encoding_name(encoding) || equals_ignoring_case(encoding, "utf-8")) return std::nullopt;
    // Windows means code page 932, where byte 5C is a backslash; iconv's Shift_JIS has a yen sign there.
    Conversion conversion(equals_ignoring_case(encoding, "Shift_JIS") ? "CP932" : encoding);
    return conversion.is_open() ? conversion.convert(text) : std::nullopt;
}

}  // namespace varve::vmdk
