#pragma once
/// Where the parent of a disk may be that its parentFileNameHint leads to on another host: VMware writes absolute
/// names, on Windows with a drive and backslashes, and both files are then copied somewhere together.

#include <string>
#include <vector>

namespace varve::vmdk {

/// The names to look for, best first and none twice: the hint itself, with '/' for '\' where it is a Windows name, then
/// the last part of an absolute name alone. At least one.
std::vector<std::string> parent_names(const std::string& hint);

}  // namespace varve::vmdk
