#include "formats/chain/folder_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <algorithm>
#include <memory>
#include <tuple>

#include "formats/chain/file_extensions.h"

namespace varve {
namespace {

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};

}  // namespace

FolderFiles regular_files(UniqueFd folder, std::span<const std::string_view> extensions, std::size_t entries_max) {
    FolderFiles files;
    const std::unique_ptr<DIR, CloseFolder> entries(::fdopendir(folder.get()));
    if (!entries) return files;
    (void)folder.release();  // closed with the stream
    const int fd = ::dirfd(entries.get());
    for (std::size_t seen = 0; const dirent* entry = ::readdir(entries.get()); ++seen) {
        if (seen == entries_max) {
            files.is_complete = false;
            break;
        }
        struct stat status {};
        if (::fstatat(fd, entry->d_name, &status, 0) == 0 && S_ISREG(status.st_mode))
            files.names.emplace_back(entry->d_name);
    }
    std::ranges::sort(files.names, {},
                      [&](const std::string& name) { return std::tuple(extension_rank(name, extensions), name); });
    return files;
}

}  // namespace varve
