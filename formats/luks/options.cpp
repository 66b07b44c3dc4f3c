#include "formats/luks/options.h"

#include <array>

#include "formats/crypt/iteration_time.h"

namespace varve::luks {
namespace {

constexpr std::array words{
    SettingWord<CreationOptions>{{"encrypt.format", "luks", "the same word as for qcow2; changes nothing (luks)"},
                                 [](CreationOptions&, std::string_view value) { return value == "luks"; }},
    SettingWord<CreationOptions>{
        {"iter-time", "milliseconds from 1 to 60000", "how long deriving the key from the secret takes (2000)"},
        [](CreationOptions& options, std::string_view value) {
            return assign(options.iteration_time, crypt::parse_iteration_time(value));
        }},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    return varve::parse_options<CreationOptions>("luks", words, options);
}

}  // namespace varve::luks
