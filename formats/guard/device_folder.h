#pragma once
/// Folders of device nodes: a regular file there is always a mistyped device, and takes its space from memory.

#include <string>

namespace varve {

/// Whether the existing folder `folder` ends up in /dev, where only root creates names; /dev/shm is an ordinary folder.
bool is_device_folder(const std::string& folder);

/// The folder part of `path` as it is written: "." without any '/'.
std::string folder_part(const std::string& path);

}  // namespace varve
