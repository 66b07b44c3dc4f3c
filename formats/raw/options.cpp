#include "formats/raw/options.h"

#include <array>

namespace varve::raw {
namespace {

bool set_preallocation(Options& options, std::string_view value) {
    return value != "metadata" && assign(options.preallocation, parse_preallocation(value));
}

bool set_split(Options& options, std::string_view value) {
    constexpr std::uint64_t sector_bytes = 512;
    options.split = parse_size(value);
    return options.split && *options.split >= mib(1) && options.split->value % sector_bytes == 0;
}

constexpr std::array words{
    SettingWord<Options>{
        {"preallocation", "off, falloc or full", "allocate the space of the whole disk up front (off)"},
        set_preallocation},
    SettingWord<Options>{{"split", "1M or more, in whole sectors",
                          "pieces of this length: the target is the first, NAME.000 or NAME.001 (one file)"},
                         set_split},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<Options>(words); }

Options parse_options(const OptionMap& options) { return varve::parse_options<Options>("raw", words, options); }

}  // namespace varve::raw
