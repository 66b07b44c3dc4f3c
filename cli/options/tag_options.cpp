#include "cli/options/tag_options.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

[[noreturn]] void refuse_tag(const std::string& word, std::string_view option, std::string_view shape) {
    throw Error(ErrorCode::usage, fmt::format("'{}' is not a tag; {} needs {}", word, option, shape));
}

[[noreturn]] void refuse_second(const std::string& name) {
    throw Error(ErrorCode::usage, fmt::format("the tag '{}' is given twice", name));
}

}  // namespace

std::map<std::string, std::string> parse_tags(const std::vector<std::string>& words, std::string_view option) {
    std::map<std::string, std::string> tags;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == word.npos || equals == 0 || !is_valid_utf8(word)) refuse_tag(word, option, "KEY=VALUE");
        if (!tags.emplace(word.substr(0, equals), word.substr(equals + 1)).second)
            refuse_second(word.substr(0, equals));
    }
    return tags;
}

std::vector<std::string> parse_tag_names(const std::vector<std::string>& words, std::string_view option) {
    for (auto word = words.begin(); word != words.end(); ++word) {
        if (word->empty() || word->find('=') != word->npos || !is_valid_utf8(*word)) refuse_tag(*word, option, "KEY");
        if (std::find(words.begin(), word, *word) != word) refuse_second(*word);
    }
    return words;
}

std::vector<WantedTag> parse_wanted_tags(const std::vector<std::string>& words, std::string_view option) {
    std::vector<WantedTag> wanted;
    for (const std::string& word : words) {
        const std::size_t equals = word.find('=');
        if (equals == 0 || word.empty()) refuse_tag(word, option, "KEY or KEY=VALUE");
        if (equals == word.npos)
            wanted.push_back({word, std::nullopt});
        else
            wanted.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
    return wanted;
}

}  // namespace varve
