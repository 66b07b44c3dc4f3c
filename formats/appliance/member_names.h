#pragma once
/// The names of an appliance's files, made plain and told apart: ASCII letters, digits, '.', '_' and '-', so that they
/// are the same in the archive, in the URIs of its descriptor, in the lines of its manifest and on any file system.

#include <set>
#include <string>
#include <string_view>

namespace varve::appliance {

/// `text` with '_' for each byte that is not plain, and for a '.' or '-' at its begin; at most 64 bytes. Never empty.
std::string plain_stem(std::string_view text);

/// The name of the file that `path` leads to, without its last ending.
std::string_view stem_of(std::string_view path);

/// Gives each name once; upper and lower case are one.
class MemberNames {
public:
    /// `stem`, made plain, and `ending` (plain, with its dot); with -2, -3... between them where that name is taken.
    std::string take(std::string_view stem, std::string_view ending);
    /// A whole file name, in the same way: its ending is what follows the last dot.
    std::string take(std::string_view file_name);

private:
    std::set<std::string> taken_;  ///< in lower case
};

}  // namespace varve::appliance
