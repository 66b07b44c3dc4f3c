#include "formats/creation_options.h"

#include <array>

#include "engine/base/check.h"
#include "formats/appliance/options.h"
#include "formats/chain/layer_formats.h"
#include "formats/qcow2/options.h"
#include "formats/raw/options.h"
#include "formats/vdi/options.h"
#include "formats/vmdk/options.h"

namespace varve {
namespace {

struct WrittenFormat {
    std::string_view name;
    std::vector<OptionWord> (*words)();
    void (*check)(const OptionMap&);
    bool (*is_streamed)(const OptionMap&);  ///< null: never
};

bool is_always_streamed(const OptionMap&) { return true; }

/// Which formats a backing file may have is known here, not in the folder of one format.
void check_qcow2(const OptionMap& options) {
    const qcow2::CreationOptions parsed = qcow2::parse_options(options);
    if (!parsed.backing_format || is_read(*parsed.backing_format)) return;
    const std::vector<OptionWord> words = qcow2::option_words();
    const auto word = std::ranges::find(words, "backing_fmt", &OptionWord::name);
    VARVE_CHECK(word != words.end());
    throw wrong_value("qcow2", *word, *parsed.backing_format);
}

constexpr std::array formats{
    WrittenFormat{"raw", raw::option_words, [](const OptionMap& options) { raw::parse_options(options); },
                  is_always_streamed},
    WrittenFormat{"qcow2", qcow2::option_words, check_qcow2, nullptr},
    WrittenFormat{"vdi", vdi::option_words, [](const OptionMap& options) { vdi::parse_options(options); }, nullptr},
    WrittenFormat{"vmdk", vmdk::option_words, [](const OptionMap& options) { vmdk::parse_creation_options(options); },
                  [](const OptionMap& options) { return vmdk::parse_creation_options(options).is_streamed(); }},
    WrittenFormat{"ova", appliance::option_words,
                  [](const OptionMap& options) { appliance::parse_creation_options(options); }, nullptr},
};

const WrittenFormat& find_format(std::string_view name) {
    const auto* found = std::ranges::find(formats, name, &WrittenFormat::name);
    VARVE_CHECK(found != formats.end());
    return *found;
}

bool is_sound(const WrittenFormat& format, const OptionMap& options) {
    try {
        format.check(options);
        return true;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::usage) throw;
        return false;
    }
}

}  // namespace

std::vector<std::string_view> written_formats() {
    std::vector<std::string_view> names;
    for (const WrittenFormat& format : formats) names.push_back(format.name);
    return names;
}

bool is_written(std::string_view format) {
    return std::ranges::find(formats, format, &WrittenFormat::name) != formats.end();
}

std::vector<OptionWord> creation_words(std::string_view format) { return find_format(format).words(); }

void check_creation_options(std::string_view format, const OptionMap& options) { find_format(format).check(options); }

bool may_be_streamed(std::string_view format) { return find_format(format).is_streamed != nullptr; }

bool is_streamed(std::string_view format, const OptionMap& options) {
    return may_be_streamed(format) && find_format(format).is_streamed(options);
}

/// One word after the other, so that only those are left out that contradict.
OptionMap with_recorded_options(std::string_view format, const OptionMap& said, const OptionMap& recorded) {
    const WrittenFormat& written = find_format(format);
    written.check(said);
    OptionMap options = said;
    for (const OptionWord& word : written.words()) {
        const auto of_source = recorded.find(std::string(word.name));
        if (word.from_source == FromSource::never || of_source == recorded.end()) continue;
        const auto [added, is_new] = options.insert(*of_source);
        if (is_new && !is_sound(written, options)) options.erase(added);
    }
    return options;
}

}  // namespace varve
