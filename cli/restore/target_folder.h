#pragma once
/// The folder that a restore fills, and folders beneath it. Names beneath come from a repository and are not trusted:
/// every folder is held open from the first look on, no symbolic link beneath is followed, and no rename at the wrong
/// moment leads elsewhere. For one thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"

namespace varve {

/// Whether a restore to `path` goes into a folder: it ends in '/', or is a folder.
bool means_folder(const std::string& path);

class TargetFolder {
public:
    /// Opens the folder `path`, as the user named it; makes its last part when it is not there. Throws Error(refused)
    /// when something else is, Error(not_found) when the folder around it is missing.
    explicit TargetFolder(const std::string& path);

    /// Removes those folders that this object made and that are empty: after an error nothing is left of them.
    ~TargetFolder();
    TargetFolder(const TargetFolder&) = delete;
    TargetFolder& operator=(const TargetFolder&) = delete;

    /// The folder `name` ("web01/disks"; empty: the folder itself), made if it is not there, and durable then. The
    /// parts of `name` are plain names: not empty, neither "." nor "..". Throws Error(refused) when a symbolic link or
    /// another kind of file is in the way. The result lives as long as this.
    const File& beneath(const std::string& name);

    /// `name` as the user would type it: with the folder before it.
    std::string path_of(std::string_view name) const;

private:
    struct Made {
        const File* parent;
        std::string name;
    };
    void make(const File& parent, const std::string& name, const std::string& path);

    std::string path_;  ///< ends in '/'
    File around_;       ///< the folder that path_ is in
    std::map<std::string, File> open_;
    std::vector<Made> made_;
};

}  // namespace varve
