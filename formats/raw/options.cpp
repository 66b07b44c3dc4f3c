#include "formats/raw/options.h"

#include <array>

namespace varve {
namespace {

bool set_preallocation(RawOptions& options, std::string_view value) {
    return value != "metadata" && assign(options.preallocation, parse_preallocation(value));
}

constexpr std::array words{
    SettingWord<RawOptions>{{"preallocation", "off, falloc or full", "take the whole disk's space at once (off)"},
                            set_preallocation},
};

}  // namespace

std::vector<OptionWord> raw_option_words() { return words_of<RawOptions>(words); }

RawOptions parse_raw_options(const OptionMap& options) { return parse_options<RawOptions>("raw", words, options); }

}  // namespace varve
