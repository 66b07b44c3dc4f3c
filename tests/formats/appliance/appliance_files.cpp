#include "tests/formats/appliance/appliance_files.h"

#include <fstream>
#include <random>

#include <fmt/format.h>

#include "engine/base/bytes.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

namespace varve::appliance_test {
namespace {

std::string run(const std::vector<std::string>& command) {
    const auto result = writer_test::run_tool(command);
    INFO(command.front() << ": " << result.output);
    REQUIRE(result.status == 0);
    return result.output;
}

/// "sha256sum" → "SHA256".
std::string algorithm_of(const std::string& tool) {
    std::string name = tool.substr(0, tool.find("sum"));
    for (char& c : name) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return name;
}

}  // namespace

std::string descriptor_of(const std::vector<DescribedDisk>& disks, const std::vector<std::string>& other_files) {
    std::string files;
    std::string sections;
    for (const DescribedDisk& disk : disks) {
        if (!disk.href.empty())
            files += fmt::format("    <File ovf:id=\"file-{}\" ovf:href=\"{}\" {}/>\n", disk.id, disk.href, disk.more);
        sections += fmt::format("    <Disk ovf:diskId=\"{}\" ovf:format=\"{}\"", disk.id, disk.format);
        if (!disk.href.empty()) sections += fmt::format(" ovf:fileRef=\"file-{}\"", disk.id);
        if (!disk.capacity.empty()) sections += fmt::format(" ovf:capacity=\"{}\"", disk.capacity);
        if (!disk.parent.empty()) sections += fmt::format(" ovf:parentRef=\"{}\"", disk.parent);
        sections += "/>\n";
    }
    for (const std::string& file : other_files)
        files += fmt::format("    <File ovf:id=\"other-{}\" ovf:href=\"{}\"/>\n", file, file);
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" "
           "xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\">\n  <References>\n" +
           files + "  </References>\n  <DiskSection>\n    <Info>Disks</Info>\n" + sections +
           "  </DiskSection>\n  <VirtualSystem ovf:id=\"web01\">\n    <Info>A machine</Info>\n    <Name>web01</Name>\n"
           "  </VirtualSystem>\n</Envelope>\n";
}

void make_disk(const std::string& path, unsigned mib, unsigned seed) {
    std::mt19937_64 random(seed);
    Bytes disk(std::size_t{mib} << 20);
    constexpr std::size_t block = 64 << 10;
    for (std::size_t at = 0; at < disk.size(); at += block) {
        if (random() % 2 == 0) continue;
        for (std::size_t i = 0; i < block; i += 2)
            disk[at + i] = static_cast<std::byte>(random());  // half of it is compressible
    }
    writer_test::write_file(path, disk);
}

void convert(const std::string& raw, const std::string& format, const std::string& path, const std::string& options) {
    std::vector<std::string> command{"qemu-img", "convert", "-f", "raw", "-O", format};
    if (!options.empty()) command.insert(command.end(), {"-o", options});
    command.insert(command.end(), {raw, path});
    run(command);
}

void archive(const std::string& folder, const std::vector<std::string>& files, const std::string& path,
             const std::string& format) {
    std::vector<std::string> command{"tar", "--format=" + format, "-C", folder, "-cf", path};
    command.insert(command.end(), files.begin(), files.end());
    run(command);
}

std::string manifest_of(const std::string& folder, const std::vector<std::string>& files, const std::string& tool) {
    std::string text;
    for (const std::string& file : files) {
        const std::string line = run({tool, folder + "/" + file});
        text += fmt::format("{}({})= {}\n", algorithm_of(tool), file, line.substr(0, line.find(' ')));
    }
    return text;
}

void put_text(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

}  // namespace varve::appliance_test
