#include "formats/creation_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"

namespace varve {
namespace {

const FormatWriting& writing_of(std::string_view format, const FormatList& formats) {
    const FormatDescriptor& descriptor = formats.at(format);
    VARVE_CHECK(descriptor.writing != nullptr);
    return *descriptor.writing;
}

bool is_valid(const FormatWriting& writing, const OptionMap& options) {
    try {
        writing.check(options);
        return true;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::usage) throw;
        return false;
    }
}

/// "raw, qcow2 or vdi"
std::string alternatives(const std::vector<std::string_view>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i)
        text += fmt::format("{}{}", i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
    return text;
}

void check_format_names(std::string_view format, const OptionMap& options, const FormatList& formats) {
    for (OptionWord word : writing_of(format, formats).option_words()) {
        const auto given = options.find(std::string(word.name));
        if (word.value != OptionValue::read_format || given == options.end()) continue;
        if (formats.is_readable(given->second)) continue;
        const std::string expected = alternatives(formats.readable());
        word.values = expected;
        throw wrong_value(format, word, given->second);
    }
}

}  // namespace

std::vector<std::string_view> written_formats(const FormatList& formats) { return formats.written(); }

bool is_written(std::string_view format, const FormatList& formats) { return formats.is_written(format); }

std::vector<OptionWord> creation_words(std::string_view format, const FormatList& formats) {
    return writing_of(format, formats).option_words();
}

void check_creation_options(std::string_view format, const OptionMap& options, const FormatList& formats) {
    writing_of(format, formats).check(options);
    check_format_names(format, options, formats);
}

bool may_be_streamed(std::string_view format, const FormatList& formats) {
    return writing_of(format, formats).is_streamed != nullptr;
}

bool is_streamed(std::string_view format, const OptionMap& options, const FormatList& formats) {
    return may_be_streamed(format, formats) && writing_of(format, formats).is_streamed(options);
}

bool is_encrypted_image(std::string_view format, const OptionMap& options, const FormatList& formats) {
    const FormatWriting& writing = writing_of(format, formats);
    return writing.is_encrypted != nullptr && writing.is_encrypted(options);
}

/// Adds one word after the other, so that only those that contradict are left out.
OptionMap with_recorded_options(std::string_view format, const OptionMap& given, const OptionMap& recorded,
                                const FormatList& formats) {
    const FormatWriting& writing = writing_of(format, formats);
    check_creation_options(format, given, formats);
    OptionMap options = given;
    for (const OptionWord& word : writing.option_words()) {
        const auto of_source = recorded.find(std::string(word.name));
        if (word.from_source == FromSource::never || of_source == recorded.end()) continue;
        const auto [added, is_new] = options.insert(*of_source);
        if (is_new && !is_valid(writing, options)) options.erase(added);
    }
    return options;
}

}  // namespace varve
