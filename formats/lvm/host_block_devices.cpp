#include "formats/lvm/host_block_devices.h"

#include <algorithm>
#include <charconv>
#include <fstream>

#include "engine/base/error.h"

namespace varve::lvm {
namespace {

namespace fs = std::filesystem;

/// The first line; nothing when it can't be read.
std::optional<std::string> line_of(const fs::path& file) {
    std::ifstream in(file);
    std::string line;
    if (!std::getline(in, line)) return std::nullopt;
    return line;
}

/// Names in a folder, sorted; none when it can't be listed.
std::vector<std::string> names_in(const fs::path& folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator i(folder, error), end; !error && i != end; i.increment(error))
        names.push_back(i->path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

bool is_there(const fs::path& path) {
    std::error_code error;
    return fs::exists(path, error);
}

/// sysfs counts in sectors of 512 bytes, whatever the device's own.
std::optional<ByteCount> size_of(const fs::path& folder) {
    const std::optional<std::string> line = line_of(folder / "size");
    if (!line) return std::nullopt;
    std::uint64_t sectors = 0;
    const auto result = std::from_chars(line->data(), line->data() + line->size(), sectors);
    const auto bytes = checked_mul(sectors, 512);
    if (result.ec != std::errc() || !bytes) return std::nullopt;
    return ByteCount{*bytes};
}

/// A '!' in the kernel's name stands for a '/'.
std::string device_path(const fs::path& dev, std::string name) {
    std::replace(name.begin(), name.end(), '!', '/');
    return (dev / name).string();
}

std::optional<BlockDevice> read_device(const HostPaths& host, const std::string& name) {
    const fs::path folder = host.sys / "class/block" / name;
    const std::optional<ByteCount> size = size_of(folder);
    if (!size) return std::nullopt;
    BlockDevice device;
    device.name = name;
    device.path = device_path(host.dev, name);
    device.size = *size;
    device.is_partition = is_there(folder / "partition");
    device.mapper_uuid = line_of(folder / "dm/uuid");
    std::error_code error;
    if (device.is_partition) device.whole = fs::canonical(folder, error).parent_path().filename().string();
    for (const std::string& inner : names_in(folder))
        if (is_there(folder / inner / "partition")) device.partitions.push_back(inner);
    device.holders = names_in(folder / "holders");
    return device;
}

}  // namespace

std::vector<BlockDevice> list_block_devices(const HostPaths& host) {
    const fs::path folder = host.sys / "class/block";
    if (!is_there(folder))
        throw Error(ErrorCode::io, "the block devices of this host can't be listed: there is no '" + folder.string() +
                                       "'; name the devices instead");
    std::vector<BlockDevice> devices;
    for (const std::string& name : names_in(folder))
        if (std::optional<BlockDevice> device = read_device(host, name)) devices.push_back(std::move(*device));
    return devices;
}

}  // namespace varve::lvm
