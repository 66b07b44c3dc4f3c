#include "formats/vdi/options.h"

#include <array>

namespace varve::vdi {
namespace {

bool set_uuid(CreationOptions& options, std::string_view value) {
    options.uuid = parse_uuid(value);
    return options.uuid && !options.uuid->is_null();
}

bool set_modification_uuid(CreationOptions& options, std::string_view value) {
    options.modification_uuid = parse_uuid(value);
    return options.modification_uuid && !options.modification_uuid->is_null();
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"static", "on or off", "allocate every block up front (off)", FromSource::taken},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.is_static, parse_on_off(value));
         }},
    Word{{"uuid", "a UUID other than zero",
          "the image's identity; the same one gives the same bytes (random; restored to its own place: kept)"},
         set_uuid},
    Word{{"modification_uuid", "a UUID other than zero",
          "tells a snapshot above that the image changed (derived from uuid; restored to its own place: random)"},
         set_modification_uuid},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    return varve::parse_options<CreationOptions>("vdi", words, options);
}

}  // namespace varve::vdi
