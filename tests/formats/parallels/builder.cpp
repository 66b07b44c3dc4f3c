#include "tests/formats/parallels/builder.h"

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace varve::parallels_test {
namespace {

using Bytes = std::vector<std::byte>;

void put_number(Bytes& file, std::uint64_t at, std::uint64_t value, unsigned length) {
    if (file.size() < at + length) file.resize(at + length, std::byte{0xee});
    for (unsigned i = 0; i < length; ++i) file[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xff);
}

void put_bytes(Bytes& file, std::uint64_t at, const Bytes& bytes) {
    if (file.size() < at + bytes.size()) file.resize(at + bytes.size(), std::byte{0xee});
    std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(at));
}

void save_bytes(const std::string& path, const void* bytes, std::size_t length) {
    std::ofstream(path, std::ios::binary).write(static_cast<const char*>(bytes), static_cast<std::streamsize>(length));
}

/// The 16 bytes that md5sum reports for `bytes`.
Bytes md5(const std::byte* bytes, std::size_t length) {
    std::string path = "/tmp/varve-md5-XXXXXX";
    const int fd = ::mkstemp(path.data());
    if (fd < 0) throw std::runtime_error("no temporary file");
    ::close(fd);
    save_bytes(path, bytes, length);
    std::string line(64, '\0');
    std::FILE* pipe = ::popen(("md5sum < " + path).c_str(), "r");
    const bool is_read = pipe != nullptr && std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr;
    if (pipe != nullptr) ::pclose(pipe);
    ::unlink(path.c_str());
    if (!is_read) throw std::runtime_error("md5sum failed");
    Bytes sum;
    for (std::size_t i = 0; i < 32; i += 2)
        sum.push_back(static_cast<std::byte>(std::stoul(line.substr(i, 2), nullptr, 16)));
    return sum;
}

std::string element(std::string_view name, std::string_view value) {
    return "<" + std::string(name) + ">" + std::string(value) + "</" + std::string(name) + ">\n";
}

}  // namespace

Image::Image(std::uint64_t disk_sectors, std::uint32_t sectors_in_cluster)
    : cluster_sectors(sectors_in_cluster),
      sectors(disk_sectors),
      table((disk_sectors + sectors_in_cluster - 1) / sectors_in_cluster) {}

std::uint64_t Image::first_sector() const {
    if (first_place != 0) return first_place;
    const std::uint64_t after_table = (64 + 4 * table.size() + 511) / 512;
    if (!is_extended()) return after_table;
    return (after_table + cluster_sectors - 1) / cluster_sectors * cluster_sectors;
}

std::uint64_t Image::place_at(std::size_t place) const {
    return (first_sector() + place * std::uint64_t{cluster_sectors}) * 512;
}

std::uint32_t Image::entry_of(std::size_t place) const {
    const std::uint64_t sector = place_at(place) / 512;
    return static_cast<std::uint32_t>(is_extended() ? sector / cluster_sectors : sector);
}

void Image::put(std::uint32_t cluster, std::vector<std::byte> content) {
    content.resize(std::size_t{cluster_sectors} * 512);
    table.at(cluster) = entry_of(places.size());
    places.push_back(std::move(content));
}

void Image::extend(std::vector<std::byte> content) {
    extension_sector = place_at(places.size()) / 512;
    places.push_back(std::move(content));
}

std::vector<std::byte> Image::file() const {
    Bytes file;
    for (std::size_t i = 0; i < 16; ++i) file.push_back(static_cast<std::byte>(i < magic.size() ? magic[i] : 0));
    put_number(file, 16, version, 4);
    put_number(file, 20, 16, 4);
    put_number(file, 24, sectors / 512, 4);
    put_number(file, 28, cluster_sectors, 4);
    put_number(file, 32, entries.value_or(static_cast<std::uint32_t>(table.size())), 4);
    put_number(file, 36, sectors, 8);
    put_number(file, 44, in_use, 4);
    put_number(file, 48, data_sector.value_or(static_cast<std::uint32_t>(first_sector())), 4);
    put_number(file, 52, flags, 4);
    put_number(file, 56, extension_sector, 8);
    for (std::uint32_t cluster = 0; cluster < table.size(); ++cluster)
        put_number(file, entry_at(cluster), table[cluster], 4);
    for (std::size_t place = 0; place < places.size(); ++place) put_bytes(file, place_at(place), places[place]);
    return file;
}

void Image::save(const std::string& path) const {
    const Bytes bytes = file();
    save_bytes(path, bytes.data(), bytes.size());
}

std::vector<std::byte> bitmap(std::uint64_t disk_sectors, std::uint32_t granularity_sectors, std::uint32_t l1_entries,
                              unsigned first_id_byte) {
    Bytes data;
    put_number(data, 0, disk_sectors, 8);
    for (unsigned i = 0; i < 16; ++i) put_number(data, 8 + i, i, 1);
    put_number(data, 8, first_id_byte, 1);
    put_number(data, 24, granularity_sectors, 4);
    put_number(data, 28, l1_entries, 4);
    for (std::uint32_t i = 0; i < l1_entries; ++i) put_number(data, 32 + 8 * std::uint64_t{i}, 0, 8);
    return data;
}

std::vector<std::byte> extension(std::size_t length, const std::vector<Feature>& features) {
    Bytes all;
    put_number(all, 0, 0xab234cef23dcea87, 8);
    all.resize(24);
    for (const Feature& feature : features) {
        const std::uint64_t at = all.size();
        put_number(all, at, feature.magic, 8);
        put_number(all, at + 8, feature.flags, 8);
        put_number(all, at + 16, feature.length.value_or(static_cast<std::uint32_t>(feature.data.size())), 4);
        put_number(all, at + 20, 0, 4);
        put_bytes(all, at + 24, feature.data);
        all.resize((all.size() + 7) / 8 * 8);
    }
    all.resize(length);
    const Bytes sum = md5(all.data() + 24, all.size() - 24);
    std::copy(sum.begin(), sum.end(), all.begin() + 8);
    return all;
}

std::string Description::text() const {
    std::string storages;
    for (const Part& part : parts) {
        std::string images;
        for (const Picture& image : part.images)
            images += element("Image",
                              element("GUID", image.guid) + element("Type", image.type) + element("File", image.file));
        storages +=
            element("Storage", element("Start", std::to_string(part.start)) + element("End", std::to_string(part.end)) +
                                   element("Blocksize", "8") + images);
    }
    std::string shots = top.empty() ? "" : element("TopGUID", top);
    for (const State& state : states)
        shots += element("Shot", element("GUID", state.guid) + element("ParentGUID", state.parent));
    return "<?xml version='1.0' encoding='UTF-8'?>\n<Parallels_disk_image Version=\"" + version + "\">\n" +
           element("Disk_Parameters", element("Disk_size", std::to_string(sectors)) + more_parameters) +
           element("StorageData", storages) + element("Snapshots", shots) + "</Parallels_disk_image>\n";
}

void Description::save(const std::string& path) const {
    const std::string all = text();
    save_bytes(path, all.data(), all.size());
}

std::string guid(unsigned number) {
    const std::string digits = "0123456789abcdef";
    return "{" + std::string(8, digits[number % 16]) + "-0000-4000-8000-000000000000}";
}

}  // namespace varve::parallels_test
