#pragma once
/// The sources on the command line of `backup`, and the disk that each of them is.

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace varve {

enum class DiskNamed { by_user, by_file };

struct NamedSource {
    std::string path;  ///< as typed; "-" is standard input under any name
    std::string disk;
    DiskNamed named = DiskNamed::by_user;
    std::optional<std::string> member = {};  ///< for an appliance: the disk in it; nullopt: as the options specify

    /// Whether it is standard input or another pipe, which is read once.
    bool is_pipe() const;
};

/// `paths` are files or pairs NAME=FILE. `disks` is empty (each disk is named by its pair, else after its file, without
/// the extension) or, without pairs, has one name for every source, in order. A file that exists is never taken for a
/// pair. Throws Error(usage) for another count, a name that is not a disk name, two sources of one disk, "-" without a
/// name.
std::vector<NamedSource> backup_sources(std::span<const std::string> paths, std::span<const std::string> disks);

/// All disks of the appliance at `path`, whose names are `members`. Without `disks` the disk in 'web01.ova' whose
/// member is 'web01-disk1.vmdk' is 'web01/web01-disk1'. Throws Error(usage) like backup_sources().
std::vector<NamedSource> appliance_sources(const std::string& path, std::span<const std::string> members,
                                           std::span<const std::string> disks);

}  // namespace varve
