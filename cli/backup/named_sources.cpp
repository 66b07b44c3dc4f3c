#include "cli/backup/named_sources.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/naming/disk_name.h"
#include "formats/lvm/volume_name.h"

namespace varve {
namespace {

std::string name_from_file(const std::string& path) {
    if (path == "-") throw Error(ErrorCode::usage, "standard input has no name; pass --disk NAME");
    const std::string name =
        lvm::is_volume_name(path) ? path.substr(path.find(":") + 1) : std::filesystem::path(path).stem().string();
    if (const auto fault = disk_name_fault(name))
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' does not yield a disk name: '{}' {}; pass --disk NAME", path, name, *fault));
    return name;
}

NamedSource named_source(const std::string& path, const std::string* disk) {
    if (lvm::is_volume_name(path)) lvm::parse_single_volume_name(path);
    if (disk == nullptr) return {path, name_from_file(path), DiskNamed::by_file};
    check_disk_name(*disk);
    return {path, *disk, DiskNamed::by_user};
}

void check_count(std::size_t disks, std::size_t sources, std::string_view noun) {
    if (disks != 0 && disks != sources)
        throw Error(ErrorCode::usage, fmt::format("--disk is given {} times for {} {}s; omit it, or pass it once per "
                                                  "{} in the same order",
                                                  disks, sources, noun, noun));
}

void check_disks_differ(const std::vector<NamedSource>& sources) {
    std::set<std::string> names;
    for (const NamedSource& source : sources)
        if (!names.insert(source.disk).second)
            throw Error(
                ErrorCode::usage,
                fmt::format("two sources would be the disk '{}'; pass --disk NAME once per source", source.disk));
}

std::string name_from_member(const std::string& path, const std::string& member) {
    const std::string name = fmt::format("{}/{}", std::filesystem::path(path).stem().string(),
                                         std::filesystem::path(member).stem().string());
    if (const auto fault = disk_name_fault(name))
        throw Error(ErrorCode::usage,
                    fmt::format("'{}' in '{}' does not yield a disk name: '{}' {}; pass --disk NAME once per disk",
                                member, path, name, *fault));
    return name;
}

}  // namespace

std::vector<NamedSource> backup_sources(std::span<const std::string> paths, std::span<const std::string> disks) {
    check_count(disks.size(), paths.size(), "source");
    std::vector<NamedSource> sources;
    for (std::size_t i = 0; i < paths.size(); ++i)
        sources.push_back(named_source(paths[i], disks.empty() ? nullptr : &disks[i]));
    check_disks_differ(sources);
    return sources;
}

std::vector<NamedSource> appliance_sources(const std::string& path, std::span<const std::string> members,
                                           std::span<const std::string> disks) {
    check_count(disks.size(), members.size(), "disk");
    std::vector<NamedSource> sources;
    for (std::size_t i = 0; i < members.size(); ++i) {
        if (!disks.empty()) check_disk_name(disks[i]);
        sources.push_back(disks.empty()
                              ? NamedSource{path, name_from_member(path, members[i]), DiskNamed::by_file, members[i]}
                              : NamedSource{path, disks[i], DiskNamed::by_user, members[i]});
    }
    check_disks_differ(sources);
    return sources;
}

}  // namespace varve
