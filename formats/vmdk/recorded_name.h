#pragma once
/// Where to look for a file whose name a descriptor records, a parent or an extent, when the descriptor comes from
/// another host: VMware writes absolute names, on Windows with a drive and backslashes, on ESX with a datastore, in the
/// encoding of that host; and the files are often copied elsewhere together.

#include <string>
#include <vector>

namespace varve::vmdk {

/// The names to try, best first, without duplicates: the recorded one, with '/' for '\' if it is a Windows name, then
/// the last part of an absolute name alone. "[datastore1] web01/web01-flat.vmdk" counts as absolute. At least one.
std::vector<std::string> names_here(const std::string& recorded);

/// The same for a name in the encoding that the descriptor declares ("GBK", "windows-1252"; empty: none): the names in
/// UTF-8 come first, then those of the bytes as they are.
std::vector<std::string> names_here(const std::string& recorded, const std::string& encoding);

}  // namespace varve::vmdk
