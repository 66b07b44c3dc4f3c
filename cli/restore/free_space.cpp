#include "cli/restore/free_space.h"

#include <cerrno>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cli/terminal/human_size.h"
#include "engine/base/error.h"
#include "engine/base/escape.h"
#include "engine/image/image_space.h"

namespace varve {
namespace {

/// What the user may take of the file system around `folder`; nullopt when it does not tell.
std::optional<ByteCount> free_at(const std::string& folder) {
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0) throw io_error(fmt::format("cannot stat '{}'", folder), errno);
    if (status.f_blocks == 0) return std::nullopt;
    const auto bytes = checked_mul(status.f_bavail, status.f_frsize);
    if (!bytes) return std::nullopt;
    return ByteCount{*bytes};
}

dev_t file_system_of(const std::string& folder) {
    struct stat status {};
    if (::stat(folder.c_str(), &status) != 0) throw io_error(fmt::format("cannot stat '{}'", folder), errno);
    return status.st_dev;
}

bool has_option(const PlannedFile& file, const char* word, std::string_view value) {
    const auto said = file.options.find(word);
    return said != file.options.end() && said->second == value;
}

bool has_known_space(const PlannedFile& file) {
    return file.format != "ova" && !has_option(file, "compress", "on") &&
           !has_option(file, "subformat", "streamOptimized") && !file.options.contains("backing_file");
}

/// What a format adds to `data` bytes: of qcow2 its header and, for each cluster, an entry of 8 bytes in a table and
/// one of 2 in the reference counts, rounded up. Of VMDK in pieces of 2 GiB also some blocks for each.
ByteCount overhead(const PlannedFile& file, ByteCount data) {
    if (file.format == "raw") return {};
    const bool has_pieces = has_option(file, "subformat", "twoGbMaxExtentSparse");
    const ByteCount pieces{has_pieces ? file.image->info().virtual_size.value / 65536 : 0};
    return ByteCount{data.value / 4096} + kib(256) + pieces;
}

bool is_preallocated(const PlannedFile& file) {
    return has_option(file, "preallocation", "falloc") || has_option(file, "preallocation", "full");
}

ByteCount whole_size(const PlannedFile& file) {
    const ByteCount size = file.image->info().virtual_size;
    return size + overhead(file, size);
}

[[noreturn]] void refuse(const std::vector<const PlannedFile*>& files, ByteCount needed, ByteCount free) {
    const std::string first = escape_for_display(files.front()->path);
    const std::string what = files.size() == 1 ? fmt::format("'{}' needs", first)
                                               : fmt::format("'{}' and {} more need", first, files.size() - 1);
    throw Error(
        ErrorCode::refused,
        fmt::format("{} up to {} ({} bytes), and the file system there has {} free ({} bytes): nothing was "
                    "written; make room, choose another place, or say --{} if zeros or compression will save "
                    "enough",
                    what, human_size(needed), needed.value, human_size(free), free.value, no_space_check_option));
}

void check_one_file_system(const std::vector<const PlannedFile*>& files, Progress& progress,
                           const std::stop_token& stop) {
    const auto free = free_at(files.front()->folder);
    if (!free) return;
    ByteCount sizes;
    for (const PlannedFile* file : files) sizes += whole_size(*file);
    if (sizes <= *free) return;
    ByteCount needed;
    for (const PlannedFile* file : files) {
        const ByteCount data =
            is_preallocated(*file) ? file->image->info().virtual_size : data_bytes(*file->image, progress, stop);
        needed += data + overhead(*file, data);
    }
    if (needed > *free) refuse(files, needed, *free);
}

}  // namespace

PlannedFile planned_file(const std::string& path, const std::string& format, const OptionMap& options,
                         const ImageReader& image) {
    const std::size_t slash = path.rfind('/');
    return {path, slash == path.npos ? "." : path.substr(0, slash + 1), format, options, &image};
}

OptionSpec no_space_check_spec() {
    return {no_space_check_option, 0, "", Repeat::once, "begin even if the space seems not to suffice"};
}

void check_free_space(std::span<const PlannedFile> files, Progress& progress, const std::stop_token& stop) {
    std::map<dev_t, std::vector<const PlannedFile*>> by_file_system;
    for (const PlannedFile& file : files)
        if (has_known_space(file)) by_file_system[file_system_of(file.folder)].push_back(&file);
    for (const auto& [device, there] : by_file_system) check_one_file_system(there, progress, stop);
}

}  // namespace varve
