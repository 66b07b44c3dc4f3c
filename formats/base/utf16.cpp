#include "formats/base/utf16.h"

namespace varve {
namespace {

constexpr std::uint32_t surrogates_begin = 0xd800;
constexpr std::uint32_t low_surrogates_begin = 0xdc00;
constexpr std::uint32_t surrogates_end = 0xe000;
constexpr std::uint32_t supplementary_begin = 0x10000;

bool is_high_surrogate(std::uint32_t unit) { return unit >= surrogates_begin && unit < low_surrogates_begin; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= low_surrogates_begin && unit < surrogates_end; }

/// The last six bits of `bits`, as a byte of a longer sequence.
char continuation(std::uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); }

void append_utf8(std::string& out, std::uint32_t point) {
    if (point < 0x80) {
        out += static_cast<char>(point);
    } else if (point < 0x800) {
        out += static_cast<char>(0xc0 | point >> 6);
        out += continuation(point);
    } else if (point < supplementary_begin) {
        out += static_cast<char>(0xe0 | point >> 12);
        out += continuation(point >> 6);
        out += continuation(point);
    } else {
        out += static_cast<char>(0xf0 | point >> 18);
        out += continuation(point >> 12);
        out += continuation(point >> 6);
        out += continuation(point);
    }
}

/// Takes one unit after the other; nothing at the end of the text or for half a unit.
class Units {
public:
    Units(ByteView text, std::endian order) : text_(text), order_(order) {}

    bool is_at_end() const { return text_.empty(); }
    std::optional<std::uint32_t> next() {
        if (text_.size() < sizeof(std::uint16_t)) return std::nullopt;
        const std::uint16_t unit =
            order_ == std::endian::big ? load_be<std::uint16_t>(text_) : load_le<std::uint16_t>(text_);
        text_ = text_.subspan(sizeof(std::uint16_t));
        return unit;
    }

private:
    ByteView text_;
    std::endian order_;
};

}  // namespace

std::optional<std::string> utf8_from_utf16(ByteView text, std::endian order) {
    std::string out;
    Units units(text, order);
    while (!units.is_at_end()) {
        const auto unit = units.next();
        if (!unit || is_low_surrogate(*unit)) return std::nullopt;
        if (*unit == 0) break;
        std::uint32_t point = *unit;
        if (is_high_surrogate(point)) {
            const auto low = units.next();
            if (!low || !is_low_surrogate(*low)) return std::nullopt;
            point = supplementary_begin + ((point - surrogates_begin) << 10) + (*low - low_surrogates_begin);
        }
        append_utf8(out, point);
    }
    return out;
}

}  // namespace varve
