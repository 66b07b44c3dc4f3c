#pragma once
/// The folder that a restore fills, and the folders below it. Names below it come from a repository and are not
/// trusted: every folder is held open once it has been opened, no symbolic link below it is followed, and a rename at
/// the wrong moment cannot lead elsewhere. For one thread.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"

namespace varve {

/// Whether `path` means a folder: it ends in '/', or is an existing folder.
bool means_folder(const std::string& path);

class TargetFolder {
public:
    /// Opens the folder `path`, as the user named it; creates its last part if it does not exist. Throws Error(refused)
    /// when something else is in the way, Error(not_found) when the parent folder is missing.
    explicit TargetFolder(const std::string& path);

    /// Removes the folders that this object created if they are empty, so that nothing is left after an error.
    ~TargetFolder();
    TargetFolder(const TargetFolder&) = delete;
    TargetFolder& operator=(const TargetFolder&) = delete;

    /// The folder `name` ("web01/disks"; empty: the folder itself), created and made durable if it does not exist.
    /// The parts of `name` are plain names: not empty, neither "." nor "..". Throws Error(refused) when a symbolic link
    /// or another kind of file is in the way. The result lives as long as this.
    const File& beneath(const std::string& name);

    /// `name` as the user would type it, prefixed with the folder.
    std::string path_of(std::string_view name) const;

private:
    struct Made {
        const File* parent;
        std::string name;
    };
    void make(const File& parent, const std::string& name, const std::string& path);

    std::string path_;  ///< ends in '/'
    File around_;       ///< the parent of path_
    std::map<std::string, File> open_;
    std::vector<Made> made_;
};

}  // namespace varve
