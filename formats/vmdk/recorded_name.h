#pragma once
/// Where to look for a file that a descriptor names, a parent or an extent: VMware writes names in the encoding of the
/// host that wrote them.

#include <string>
#include <vector>

namespace varve::vmdk {

/// The names to try (base/foreign_name) for a name in the encoding that the descriptor declares ("GBK", "windows-1252";
/// empty: none): the names in UTF-8 come first, then those of the bytes as they are.
std::vector<std::string> names_here(const std::string& recorded, const std::string& encoding);

}  // namespace varve::vmdk
