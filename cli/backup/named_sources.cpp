#include "cli/backup/named_sources.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "cli/options/standard_stream.h"
#include "engine/base/error.h"
#include "engine/naming/disk_name.h"
#include "formats/lvm/volume_name.h"

namespace varve {
namespace {

std::string name_from_file(const std::string& path) {
    if (path == "-") throw Error(ErrorCode::usage, "standard input has no name; pass --disk NAME");
    if (names_pipe(path)) throw Error(ErrorCode::usage, fmt::format("'{}' is a pipe; pass --disk NAME", path));
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

struct DiskAndPath {
    std::string disk;
    std::string path;
};

/// The parts of NAME=FILE. A file of the whole name, or a first part that cannot be a disk's name, means a path with
/// '=' in it.
std::optional<DiskAndPath> pair_of(const std::string& word) {
    const std::size_t equals = word.find('=');
    if (equals == word.npos || equals + 1 == word.size() || disk_name_fault(word.substr(0, equals)))
        return std::nullopt;
    std::error_code error;
    if (lvm::is_volume_name(word) || std::filesystem::exists(word, error)) return std::nullopt;
    return DiskAndPath{word.substr(0, equals), word.substr(equals + 1)};
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

bool NamedSource::is_pipe() const { return path == "-" || names_pipe(path); }

std::vector<NamedSource> backup_sources(std::span<const std::string> paths, std::span<const std::string> disks) {
    check_count(disks.size(), paths.size(), "source");
    std::vector<NamedSource> sources;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        if (const auto pair = pair_of(paths[i])) {
            if (!disks.empty())
                throw Error(ErrorCode::usage,
                            fmt::format("'{}' names its disk already; omit --disk, or the name", paths[i]));
            sources.push_back(named_source(source_as_typed(pair->path), &pair->disk));
            continue;
        }
        sources.push_back(named_source(source_as_typed(paths[i]), disks.empty() ? nullptr : &disks[i]));
    }
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
