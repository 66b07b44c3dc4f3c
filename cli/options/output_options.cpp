#include "cli/options/output_options.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "formats/creation_options.h"

namespace varve {
namespace {

/// The parts between single commas, with ",," replaced by one comma.
std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> pieces(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool is_comma = text[at] == ',';
        const bool is_doubled = is_comma && at + 1 < text.size() && text[at + 1] == ',';
        if (is_comma && !is_doubled)
            pieces.emplace_back();
        else
            pieces.back() += text[at];
        if (is_doubled) ++at;
    }
    return pieces;
}

void add_pair(std::map<std::string, std::string>& options, const std::string& piece) {
    const std::size_t equals = piece.find('=');
    if (equals == std::string::npos || equals == 0)
        throw Error(ErrorCode::usage,
                    fmt::format("-o needs WORD=VALUE,..., and '{}' is not that; a comma in a value is "
                                "written ',,'",
                                piece));
    const std::string word = piece.substr(0, equals);
    const std::string value = piece.substr(equals + 1);
    const auto [present, is_new] = options.emplace(word, value);
    if (is_new || present->second == value) return;
    throw Error(ErrorCode::usage,
                fmt::format("-o gives {} twice, as '{}' and as '{}'; omit one", word, present->second, value));
}

std::string names_of(std::string_view format) {
    std::string names;
    for (const OptionWord& word : creation_words(format))
        names += fmt::format("{}{}", names.empty() ? "" : ", ", word.name);
    return names;
}

}  // namespace

std::vector<OptionSpec> output_option_specs() {
    std::string help = "creation options of the new image, named as in qemu-img (',,' is a comma in a value);";
    for (const std::string_view format : written_formats())
        if (const std::string names = names_of(format); !names.empty()) help += fmt::format(" {}: {};", format, names);
    help.pop_back();
    return {{"options", 'o', "WORD=VALUE,...", Repeat::many, help},
            {"target-secret-file", 0, "FILE", Repeat::once,
             "file with the passphrase that encrypts the new image (-O luks, or -o encrypt.format=luks)"},
            {"compress", 'c', "", Repeat::once, "compress the image's data (qcow2): the same as -o compress=on"}};
}

std::map<std::string, std::string> output_options(const Arguments& arguments) {
    std::vector<std::string> texts = arguments.values("options");
    if (arguments.has("compress")) texts.emplace_back("compress=on");
    return parse_output_options(texts);
}

OptionSpec dry_run_spec(std::string_view what) {
    return {"dry-run", 'n', "", Repeat::once,
            fmt::format("check everything and report what would be done; {} nothing", what)};
}

OptionSpec zero_rest_spec() {
    return {"zero-rest", 0, "", Repeat::once, "clear the rest of a device that is larger than the image"};
}

std::map<std::string, std::string> parse_output_options(const std::vector<std::string>& texts) {
    std::map<std::string, std::string> options;
    for (const std::string& text : texts) {
        if (!is_valid_utf8(text)) throw Error(ErrorCode::usage, fmt::format("-o '{}' is not valid UTF-8", text));
        for (const std::string& piece : split_at_commas(text)) add_pair(options, piece);
    }
    return options;
}

std::map<std::string, std::string> options_for_target(const std::map<std::string, std::string>& typed,
                                                      std::string_view format,
                                                      const std::map<std::string, std::string>& recorded,
                                                      std::string_view recorded_format) {
    if (!is_written(format) || format != recorded_format) return typed;
    return with_recorded_options(format, typed, recorded);
}

}  // namespace varve
