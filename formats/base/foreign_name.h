#pragma once
/// Where to look for a file whose name an image records, a parent or an extent, when the image comes from another host:
/// absolute names, on Windows with a drive and backslashes, on ESX with a datastore; and the files are often copied
/// elsewhere together. Pure function.

#include <string>
#include <vector>

namespace varve {

/// The names to try, best first, without duplicates: the recorded one, with '/' for '\' if it is a Windows name, then
/// the last part of an absolute name alone. "[datastore1] web01/web01-flat.vmdk" counts as absolute. At least one.
std::vector<std::string> names_here(const std::string& recorded);

}  // namespace varve
