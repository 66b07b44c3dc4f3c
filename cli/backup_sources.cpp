#include "cli/backup_sources.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/disk_name.h"
#include "formats/lvm_source_name.h"

namespace varve {
namespace {

std::string name_from_file(const std::string& path) {
    if (path == "-") throw Error(ErrorCode::usage, "standard input has no name; say --disk NAME");
    const std::string name =
        lvm::is_source_name(path) ? path.substr(path.find(":") + 1) : std::filesystem::path(path).stem().string();
    if (const auto fault = disk_name_fault(name))
        throw Error(ErrorCode::usage, fmt::format("no disk name can be taken from '{}': '{}' {}; say --disk NAME",
                                                  escape_for_display(path), escape_for_display(name), *fault));
    return name;
}

BackupSource named_source(const std::string& path, const std::string* disk) {
    if (lvm::is_source_name(path)) lvm::parse_volume_name(path);
    if (disk == nullptr) return {path, name_from_file(path), DiskNamed::by_file};
    check_disk_name(*disk);
    return {path, *disk, DiskNamed::by_user};
}

}  // namespace

std::vector<BackupSource> backup_sources(std::span<const std::string> paths, std::span<const std::string> disks) {
    if (!disks.empty() && disks.size() != paths.size())
        throw Error(ErrorCode::usage, fmt::format("--disk is given {} times for {} sources; say it never, or once per "
                                                  "source in their order",
                                                  disks.size(), paths.size()));
    std::vector<BackupSource> sources;
    std::set<std::string> names;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        sources.push_back(named_source(paths[i], disks.empty() ? nullptr : &disks[i]));
        if (!names.insert(sources.back().disk).second)
            throw Error(ErrorCode::usage,
                        fmt::format("two sources would be the disk '{}'; say --disk NAME once per source",
                                    escape_for_display(sources.back().disk)));
    }
    return sources;
}

std::string recorded_path(const std::string& path) {
    if (path == "-" || lvm::is_source_name(path)) return path;
    namespace fs = std::filesystem;
    std::error_code error;
    const bool is_device = fs::is_block_file(path, error);
    const fs::path absolute = fs::absolute(path);
    const fs::path canonical =
        is_device ? fs::canonical(absolute.parent_path(), error) / absolute.filename() : fs::canonical(absolute, error);
    if (error) throw io_error(fmt::format("cannot find '{}'", escape_for_display(path)), error.value());
    return is_valid_utf8(canonical.string()) ? canonical.string() : escape_for_display(canonical.string());
}

}  // namespace varve
