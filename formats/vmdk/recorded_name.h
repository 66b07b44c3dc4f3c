#pragma once
/// Where to look for a disk's parent when parentFileNameHint comes from another host: VMware writes absolute names, on
/// Windows with a drive and backslashes, and both files are often copied elsewhere together.

#include <string>
#include <vector>

namespace varve::vmdk {

/// The names to try, best first, without duplicates: the hint itself, with '/' for '\' if it is a Windows name, then
/// the last part of an absolute name alone. At least one.
std::vector<std::string> parent_names(const std::string& hint);

}  // namespace varve::vmdk
