#pragma once
/// The files of the project, as the tidy tests scan them.

#include <string>
#include <vector>

namespace varve::tidy {

struct Source {
    std::string path;  ///< relative to the project
    std::vector<std::string> lines;
};

/// All C++ files of the project's folders.
const std::vector<Source>& sources();

/// All documents, scripts and build files: Markdown, shell, Python and CMake.
const std::vector<Source>& documents();

/// The paths of all files of the project, relative to it.
const std::vector<std::string>& project_files();

/// The file that `#include "..."` names on this line; empty on any other line.
std::string included(const std::string& line);

/// The folder of a path; empty at the top.
std::string folder_of(const std::string& path);

}  // namespace varve::tidy
