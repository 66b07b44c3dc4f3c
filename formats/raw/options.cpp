#include "formats/raw/options.h"

#include <array>

namespace varve::raw {
namespace {

bool set_preallocation(Options& options, std::string_view value) {
    return value != "metadata" && assign(options.preallocation, parse_preallocation(value));
}

constexpr std::array words{
    SettingWord<Options>{
        {"preallocation", "off, falloc or full", "allocate the space of the whole disk up front (off)"},
        set_preallocation},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<Options>(words); }

Options parse_options(const OptionMap& options) { return varve::parse_options<Options>("raw", words, options); }

}  // namespace varve::raw
