#include "cli/restore/free_space.h"

#include <cerrno>
#include <map>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cli/terminal/human_size.h"
#include "engine/base/error.h"
#include "engine/image/image_space.h"
#include "formats/creation_options.h"
#include "formats/crypt/new_luks.h"
#include "formats/output/output_device.h"

namespace varve {
namespace {

constexpr const char* no_space_check_option = "no-space-check";

/// Free space for this user on the file system of `folder`; nullopt when it does not report it.
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
    const auto option = file.options.find(word);
    return option != file.options.end() && option->second == value;
}

bool has_known_space(const PlannedFile& file) {
    return file.format != "ova" && !has_option(file, "compress", "on") &&
           !has_option(file, "subformat", "streamOptimized") && !file.options.contains("backing_file");
}

/// What a format adds to `data` bytes: for qcow2 its header and, per cluster, a table entry of 8 bytes and a refcount
/// of 2, rounded up; for encrypted images the key material. For VMDK in pieces of 2 GiB also some blocks for each
/// piece.
ByteCount overhead(const PlannedFile& file, ByteCount data) {
    if (file.format == "raw") return {};
    const bool is_encrypted = is_encrypted_image(file.format, file.options);
    const ByteCount key_material = is_encrypted ? crypt::new_luks_head_bytes : ByteCount{};
    const bool has_pieces = has_option(file, "subformat", "twoGbMaxExtentSparse");
    const ByteCount pieces{has_pieces ? file.image->info().virtual_size.value / 65536 : 0};
    return ByteCount{data.value / 4096} + kib(256) + pieces + key_material;
}

/// Whether the file takes the space of the whole disk: a LUKS volume can't represent a hole.
bool is_preallocated(const PlannedFile& file) {
    return file.format == "luks" || has_option(file, "preallocation", "falloc") ||
           has_option(file, "preallocation", "full");
}

ByteCount whole_size(const PlannedFile& file) {
    const ByteCount size = file.image->info().virtual_size;
    return size + overhead(file, size);
}

[[noreturn]] void refuse_for_space(const std::vector<const PlannedFile*>& files, ByteCount needed, ByteCount free) {
    const std::string first = files.front()->path;
    const std::string what = files.size() == 1 ? fmt::format("'{}' needs", first)
                                               : fmt::format("'{}' and {} more need", first, files.size() - 1);
    throw Error(
        ErrorCode::refused,
        fmt::format("{} up to {} ({} bytes), and its file system has {} free ({} bytes): nothing was written; free "
                    "some space, choose another place, or pass --{} if zeros or compression will save enough",
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
    if (needed > *free) refuse_for_space(files, needed, *free);
}

}  // namespace

PlannedFile planned_file(const std::string& path, const std::string& format, const OptionMap& options,
                         const ImageReader& image) {
    std::string folder;
    if (path != "-" && !names_block_device(path)) {
        const std::size_t slash = path.rfind('/');
        folder = slash == path.npos ? "." : path.substr(0, slash + 1);
    }
    return {path, std::move(folder), format, options, &image};
}

void check_free_space(std::span<const PlannedFile> files, Progress& progress, const std::stop_token& stop) {
    std::map<dev_t, std::vector<const PlannedFile*>> by_file_system;
    for (const PlannedFile& file : files) {
        if (!file.folder.empty() && has_known_space(file)) by_file_system[file_system_of(file.folder)].push_back(&file);
    }
    for (const auto& [device, files_there] : by_file_system) check_one_file_system(files_there, progress, stop);
}

OptionSpec no_space_check_spec() {
    return {no_space_check_option, 0, "", Repeat::once, "start even if there seems to be too little free space"};
}

SpaceCheck space_check_of(const Arguments& arguments) {
    return arguments.has(no_space_check_option) ? SpaceCheck::skipped : SpaceCheck::done;
}

}  // namespace varve
