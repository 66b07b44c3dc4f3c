#include "formats/qcow1/options.h"

#include <array>

namespace varve::qcow1 {
namespace {

bool set_backing_file(CreationOptions& options, std::string_view value) {
    options.backing_file = value;
    return !value.empty();
}

bool set_backing_fmt(CreationOptions& options, std::string_view value) {
    options.backing_format = value;
    return !value.empty();
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"backing_file", "a file name", "write only what differs from this image, and record its name"},
         set_backing_file},
    Word{{"backing_fmt", "a format that varve reads", "the format of backing_file, which the image does not record",
          FromSource::never, OptionValue::read_format},
         set_backing_fmt},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    CreationOptions parsed = varve::parse_options<CreationOptions>("qcow", words, options);
    if (parsed.backing_format && !parsed.backing_file)
        throw Error(ErrorCode::usage, "creation options of format qcow: backing_fmt needs backing_file");
    return parsed;
}

}  // namespace varve::qcow1
