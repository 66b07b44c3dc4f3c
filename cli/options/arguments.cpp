#include "cli/options/arguments.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include "engine/base/error.h"
#include "engine/naming/nearest_word.h"

namespace varve {
namespace {

namespace po = boost::program_options;

std::vector<OptionSpec> options_of(const Syntax& syntax) {
    std::vector<OptionSpec> all = syntax.options;
    if (syntax.uses_repository == UsesRepository::yes) {
        all.push_back({"repo", 'r', "REPO", Repeat::once, "the repository (default: $VARVE_REPO)"});
        all.push_back({"cache-dir", 0, "DIR", Repeat::once,
                       "folder for this host's catalogs (default: $VARVE_CACHE_DIR, else /var/cache/varve for root and "
                       "~/.cache/varve for others)"});
    }
    all.push_back(
        {"json", 0, "", Repeat::once,
         "print one JSON object on standard output, and nothing else there; the document cli/JSON.md describes it"});
    all.push_back({"progress", 0, "HOW", Repeat::once,
                   "auto (a bar on a terminal), json (standard error gets one JSON object per line) or none"});
    all.push_back({"quiet", 'q', "", Repeat::once, "no summary and no progress bar"});
    all.push_back({"verbose", 'v', "", Repeat::once, "report more details"});
    all.push_back({"help", 'h', "", Repeat::once, "show this help"});
    return all;
}

std::string key_of(const OptionSpec& option) {
    return option.letter == 0 ? option.name : fmt::format("{},{}", option.name, option.letter);
}

po::options_description description_of(const std::vector<OptionSpec>& options) {
    po::options_description description;
    for (const OptionSpec& option : options) {
        if (option.value.empty()) {
            description.add_options()(key_of(option).c_str(), option.help.c_str());
        } else {
            auto* value = po::value<std::vector<std::string>>()->composing()->value_name(option.value);
            description.add_options()(key_of(option).c_str(), value, option.help.c_str());
        }
    }
    return description;
}

[[noreturn]] void fail_usage(std::string_view verb, const std::string& why) {
    throw Error(ErrorCode::usage, fmt::format("{}; see `varve {} --help`", why, verb));
}

std::string unknown_option_text(const std::string& typed, const std::vector<OptionSpec>& options) {
    std::vector<std::string> known;
    known.reserve(options.size());
    for (const OptionSpec& option : options) known.push_back("--" + option.name);
    const auto nearest = typed.starts_with("--") ? nearest_word(typed, known) : std::nullopt;
    return fmt::format("unknown option '{}'{}", typed, nearest ? fmt::format(", did you mean {}?", *nearest) : "");
}

/// Boost's items: options have a name, operands none.
std::vector<po::option> parse(std::string_view verb, const std::vector<OptionSpec>& options,
                              const std::vector<std::string>& words) {
    const auto description = description_of(options);
    po::positional_options_description operands;  // none is named: they have no key in the result
    try {
        const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        return po::command_line_parser(words).options(description).style(style).run().options;
    } catch (const po::unknown_option& e) {
        fail_usage(verb, unknown_option_text(e.get_option_name(), options));
    } catch (const po::error& e) {
        fail_usage(verb, e.what());
    }
}

void check_repeats(std::string_view verb, const OptionSpec& option, std::size_t count) {
    if (option.repeat == Repeat::once && !option.value.empty() && count > 1)
        fail_usage(verb, fmt::format("--{} is given {} times", option.name, count));
}

void check_operands(std::string_view verb, const Syntax& syntax, const std::vector<std::string>& operands) {
    if (operands.size() < syntax.operands_min)
        fail_usage(verb, fmt::format("{} {} expected after '{}', {} given", syntax.operands_min,
                                     syntax.operands_min == 1 ? "name is" : "names are", verb, operands.size()));
    if (operands.size() > syntax.operands_max)
        fail_usage(verb, fmt::format("unexpected argument '{}' for '{}'", operands[syntax.operands_max], verb));
}

}  // namespace

Arguments::Arguments(std::string_view verb, const Syntax& syntax, const std::vector<std::string>& words) {
    const auto options = options_of(syntax);
    for (const po::option& option : parse(verb, options, words)) {
        if (option.string_key.empty()) {
            operands_.insert(operands_.end(), option.value.begin(), option.value.end());
        } else {
            auto& values = values_[option.string_key];
            values.insert(values.end(), option.value.begin(), option.value.end());
        }
    }
    if (has("help")) return;
    for (const OptionSpec& option : options) {
        if (has(option.name)) check_repeats(verb, option, values_[option.name].size());
    }
    check_operands(verb, syntax, operands_);
    if (has("quiet") && has("verbose")) fail_usage(verb, "--quiet and --verbose cannot be combined");
}

std::optional<std::string> Arguments::value(const std::string& option) const {
    const auto found = values_.find(option);
    if (found == values_.end() || found->second.empty()) return std::nullopt;
    return found->second.front();
}

std::vector<std::string> Arguments::values(const std::string& option) const {
    const auto found = values_.find(option);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::string describe_options(const Syntax& syntax) {
    std::ostringstream out;
    out << description_of(options_of(syntax));
    return out.str();
}

}  // namespace varve
