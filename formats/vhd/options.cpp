#include "formats/vhd/options.h"

#include <array>

namespace varve::vhd {
namespace {

bool set_subformat(CreationOptions& options, std::string_view value) {
    if (value != "dynamic" && value != "fixed") return false;
    options.subformat = value == "fixed" ? Subformat::fixed : Subformat::dynamic;
    return true;
}

bool set_uuid(CreationOptions& options, std::string_view value) {
    options.uuid = parse_uuid(value);
    return options.uuid && !options.uuid->is_null();
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"subformat", "dynamic or fixed", "whether blocks get space when they have data, or all up front (dynamic)",
          FromSource::taken},
         set_subformat},
    Word{{"force_size", "on or off", "readers take the exact size, or that of the geometry, as Virtual PC does (on)"},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.force_size, parse_on_off(value));
         }},
    Word{{"azure", "on or off", "a fixed image for Azure: the disk gets zeros up to a whole MiB (off)"},
         [](CreationOptions& options, std::string_view value) { return assign(options.azure, parse_on_off(value)); }},
    Word{{"uuid", "a UUID other than zero", "the image's identity; the same one gives the same bytes (random)"},
         set_uuid},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    const CreationOptions parsed = varve::parse_options<CreationOptions>("vpc", words, options);
    if (parsed.azure && !parsed.is_fixed())
        throw Error(ErrorCode::usage, "creation options of format vpc: azure=on conflicts with subformat=dynamic");
    if (parsed.azure && !parsed.force_size)
        throw Error(ErrorCode::usage, "creation options of format vpc: azure=on conflicts with force_size=off");
    return parsed;
}

}  // namespace varve::vhd
