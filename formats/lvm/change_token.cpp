#include "formats/lvm/change_token.h"

#include <vector>

#include <fmt/format.h>

#include "engine/base/number_text.h"

namespace varve::lvm {
namespace {

constexpr std::string_view thin_kind = "lvm-thin-1";
constexpr std::string_view cow_kind = "lvm-cow-1";

Bytes bytes_from(const std::string& text) {
    const ByteView view = bytes_of(text);
    return Bytes(view.begin(), view.end());
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    for (;;) {
        const std::size_t end = text.find(' ');
        words.push_back(text.substr(0, end));
        if (end == text.npos) return words;
        text.remove_prefix(end + 1);
    }
}

template <typename Number>
bool read_number(std::string_view word, Number& number) {
    const std::optional<Number> parsed = parse_number<Number>(word);
    if (parsed) number = *parsed;
    return parsed.has_value();
}

}  // namespace

Bytes encode(const ThinToken& token) {
    const thin::Device& d = token.device;
    return bytes_from(fmt::format("{} {} {} {} {} {} {} {} {} {}", thin_kind, token.group_uuid, token.pool_uuid,
                                  token.volume_uuid, d.id, d.transaction_id, d.creation_time, d.snapshotted_time,
                                  d.mapped_blocks, token.size.value));
}

Bytes encode(const CowToken& token) {
    return bytes_from(fmt::format("{} {} {} {}", cow_kind, token.group_uuid, token.store_uuid, token.origin_uuid));
}

std::optional<ThinToken> parse_thin_token(ByteView token) {
    const auto words = words_of(text_of(token));
    if (words.size() != 10 || words[0] != thin_kind) return std::nullopt;
    ThinToken parsed{std::string(words[1]), std::string(words[2]), std::string(words[3]), {}, {}};
    thin::Device& d = parsed.device;
    const bool is_sound = read_number(words[4], d.id) && read_number(words[5], d.transaction_id) &&
                          read_number(words[6], d.creation_time) && read_number(words[7], d.snapshotted_time) &&
                          read_number(words[8], d.mapped_blocks) && read_number(words[9], parsed.size.value);
    return is_sound ? std::optional(parsed) : std::nullopt;
}

std::optional<CowToken> parse_cow_token(ByteView token) {
    const auto words = words_of(text_of(token));
    if (words.size() != 4 || words[0] != cow_kind) return std::nullopt;
    return CowToken{std::string(words[1]), std::string(words[2]), std::string(words[3])};
}

}  // namespace varve::lvm
