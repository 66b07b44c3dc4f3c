#pragma once
/// The names of an appliance's files: plain (ASCII letters, digits, '.', '_' and '-') and unique, so that they are the
/// same in the archive, in the URIs of its descriptor, in the lines of its manifest and on any file system.

#include <set>
#include <string>
#include <string_view>

namespace varve::appliance {

/// `text` with '_' for every byte that is not plain and for a leading '.' or '-'; at most 64 bytes. Never empty.
std::string plain_stem(std::string_view text);

/// The name of the file at `path`, without its last extension.
std::string_view stem_of(std::string_view path);

/// Hands out each name once, regardless of case.
class MemberNames {
public:
    /// `stem`, made plain, and `extension` (plain, with its dot); with -2, -3... between them if that name is taken.
    std::string take(std::string_view stem, std::string_view extension);
    /// The same for a whole file name, whose extension begins at the last dot.
    std::string take(std::string_view file_name);

private:
    std::set<std::string> taken_;  ///< in lower case
};

}  // namespace varve::appliance
