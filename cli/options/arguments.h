#pragma once
/// The arguments of a command, checked against its syntax. Immutable once parsed.

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
    std::string value;  ///< name of its value in the help; empty: a switch
    Repeat repeat = Repeat::once;
    std::string help;
};

enum class UsesRepository { no, yes };

/// The operands and options of a command.
struct Syntax {
    std::size_t operands_min = 0;
    std::size_t operands_max = 0;
    UsesRepository uses_repository = UsesRepository::yes;
    std::vector<OptionSpec> options;  ///< specific to this command; the common ones are added
};

inline constexpr std::size_t operands_unlimited = ~std::size_t{0};

class Arguments {
public:
    /// Throws Error(usage) for an unknown option (and suggests the nearest known one), a missing value, an option given
    /// twice, too few or too many operands. With --help nothing else is checked.
    Arguments(std::string_view verb, const Syntax& syntax, const std::vector<std::string>& words);

    bool has(const std::string& option) const { return values_.contains(option); }
    std::optional<std::string> value(const std::string& option) const;
    std::vector<std::string> values(const std::string& option) const;
    const std::vector<std::string>& operands() const { return operands_; }

private:
    std::map<std::string, std::vector<std::string>> values_;
    std::vector<std::string> operands_;
};

/// The options of `syntax` and the common ones, as lines of the help.
std::string describe_options(const Syntax& syntax);

}  // namespace varve
