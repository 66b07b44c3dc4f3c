#pragma once
/// The words after the verb, checked against what the verb takes. Immutable once parsed.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace varve {

enum class Repeat { once, many };

struct OptionSpec {
    std::string name;   ///< without dashes
    char letter = 0;    ///< its one-letter form, or 0
    std::string value;  ///< what the help calls its value; empty: a switch
    Repeat repeat = Repeat::once;
    std::string help;
};

enum class UsesRepository { no, yes };

/// What a verb takes.
struct Syntax {
    std::size_t operands_min = 0;
    std::size_t operands_max = 0;
    UsesRepository uses_repository = UsesRepository::yes;
    std::vector<OptionSpec> options;  ///< of this verb alone; the common ones are added
};

inline constexpr std::size_t operands_unlimited = ~std::size_t{0};

class Arguments {
public:
    /// Throws Error(usage): an unknown option with the nearest known one, a missing value, one given twice, too few or
    /// too many operands. With --help everything else is left unchecked.
    Arguments(std::string_view verb, const Syntax& syntax, const std::vector<std::string>& words);

    bool has(const std::string& option) const { return values_.contains(option); }
    std::optional<std::string> value(const std::string& option) const;
    std::vector<std::string> values(const std::string& option) const;
    const std::vector<std::string>& operands() const { return operands_; }

private:
    std::map<std::string, std::vector<std::string>> values_;
    std::vector<std::string> operands_;
};

/// The options of `syntax` and the common ones, in lines for the help.
std::string describe_options(const Syntax& syntax);

}  // namespace varve
