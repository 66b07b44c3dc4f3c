#include "formats/lvm/host_block_devices.h"

#include <algorithm>
#include <fstream>

#include "engine/base/error.h"
#include "engine/base/number_text.h"

namespace varve::lvm {
namespace {

namespace fs = std::filesystem;

/// The first line; nullopt if it can't be read.
std::optional<std::string> line_of(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line)) return std::nullopt;
    return line;
}

/// Names in a folder, sorted; empty if it can't be listed.
std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error))
        names.push_back(i->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

bool path_exists(const fs::path& path) {
    std::error_code error;
    return fs::exists(path, error);
}

/// sysfs counts in sectors of 512 bytes, whatever the device's own sector size.
std::optional<ByteCount> device_size(const fs::path& folder) {
    const std::optional<std::string> line = line_of(folder / "size");
    const auto sectors = line ? parse_number<std::uint64_t>(*line) : std::nullopt;
    const auto bytes = sectors ? checked_mul(*sectors, 512) : std::nullopt;
    if (!bytes) return std::nullopt;
    return ByteCount{*bytes};
}

/// A '!' in the kernel's name stands for a '/'.
std::string device_path(const fs::path& dev, std::string name) {
    std::replace(name.begin(), name.end(), '!', '/');
    return (dev / name).string();
}

std::optional<BlockDevice> read_device(const HostPaths& host, const std::string& name) {
    const fs::path folder = host.sys / "class/block" / name;
    const std::optional<ByteCount> size = device_size(folder);
    if (!size) return std::nullopt;
    BlockDevice device;
    device.name = name;
    device.path = device_path(host.dev, name);
    device.size = *size;
    device.is_partition = path_exists(folder / "partition");
    device.mapper_uuid = line_of(folder / "dm/uuid");
    std::error_code error;
    if (device.is_partition) device.whole = fs::canonical(folder, error).parent_path().filename().string();
    for (const std::string& inner : names_in(folder))
        if (path_exists(folder / inner / "partition")) device.partitions.push_back(inner);
    device.holders = names_in(folder / "holders");
    return device;
}

}  // namespace

std::vector<BlockDevice> list_block_devices(const HostPaths& host) {
    const fs::path folder = host.sys / "class/block";
    if (!path_exists(folder))
        throw Error(ErrorCode::io, "cannot list the block devices of this host: '" + folder.string() +
                                       "' does not exist; specify the devices instead");
    std::vector<BlockDevice> devices;
    for (const std::string& name : names_in(folder))
        if (std::optional<BlockDevice> device = read_device(host, name)) devices.push_back(std::move(*device));
    return devices;
}

}  // namespace varve::lvm
