// The full square: what is read, copied into what is written, read back by varve and by qemu-img. Identical bytes, and
// a thin disk stays thin. formats/README.md has the table that comes of it: VARVE_UPDATE_TABLES=1 writes it anew.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "engine/compare_images.h"
#include "engine/copy_image.h"
#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/formats/reader_support.h"

namespace varve::reader_test {
namespace {

constexpr std::uint64_t disk_bytes = 24 << 20;
constexpr std::uint64_t data_bytes = 5 * (64 << 10);

/// One way to hold a disk.
struct Kind {
    std::string name;
    std::string format;  ///< qemu-img's word
    OptionMap options;
    bool is_thin = true;
};

std::vector<Kind> kinds_read() {
    return {{"raw", "raw", {}},
            {"qcow2", "qcow2", {}},
            {"qcow2 compressed", "qcow2", {{"compress", "on"}}},
            {"qcow2 extended_l2", "qcow2", {{"extended_l2", "on"}}},
            {"vmdk monolithicSparse", "vmdk", {{"subformat", "monolithicSparse"}}},
            {"vmdk monolithicFlat", "vmdk", {{"subformat", "monolithicFlat"}}},
            {"vmdk twoGbMaxExtentSparse", "vmdk", {{"subformat", "twoGbMaxExtentSparse"}}},
            {"vmdk twoGbMaxExtentFlat", "vmdk", {{"subformat", "twoGbMaxExtentFlat"}}},
            {"vmdk streamOptimized", "vmdk", {{"subformat", "streamOptimized"}}},
            {"vdi", "vdi", {}},
            {"vdi static", "vdi", {{"static", "on"}}}};
}

std::vector<Kind> kinds_written() {
    return {{"raw", "raw", {}},
            {"qcow2", "qcow2", {}},
            {"qcow2 compressed", "qcow2", {{"compress", "on"}}},
            {"vmdk sparse", "vmdk", {{"subformat", "monolithicSparse"}}},
            {"vmdk flat", "vmdk", {{"subformat", "monolithicFlat"}}},
            {"vmdk split sparse", "vmdk", {{"subformat", "twoGbMaxExtentSparse"}}},
            {"vmdk split flat", "vmdk", {{"subformat", "twoGbMaxExtentFlat"}}},
            {"vmdk vmfs", "vmdk", {{"subformat", "vmfs"}}},
            {"vmdk stream", "vmdk", {{"subformat", "streamOptimized"}}},
            {"vdi", "vdi", {}},
            {"vdi static", "vdi", {{"static", "on"}}, false}};
}

/// Data in five places, one of them over the end of a megabyte, and one at the disk's end.
void write_disk(const std::string& path) {
    Bytes disk(disk_bytes);
    std::mt19937_64 random(20261123);
    for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{1} << 20, std::uint64_t{7} << 20,
                                   (std::uint64_t{9} << 20) - (64 << 10), disk_bytes - (64 << 10)})
        for (std::uint64_t i = 0; i < 64 << 10; ++i) disk[at + i] = static_cast<std::byte>(random() | 1);
    write_file(path, disk);
}

void make_source(const Kind& kind, const std::string& raw, const std::string& path) {
    std::vector<std::string> words{"convert", "-f", "raw", "-O", kind.format};
    for (const auto& [key, value] : kind.options) {
        if (key == "compress") {
            words.push_back("-c");
        } else {
            words.push_back("-o");
            words.push_back(key + "=" + value);
        }
    }
    words.push_back(raw);
    words.push_back(path);
    qemu_img(words);
}

std::uint64_t data_in(const ImageReader& reader) {
    std::uint64_t data = 0;
    for (ByteOffset at; at < ByteOffset{} + reader.info().virtual_size;) {
        const Extent extent = reader.extent_at(at);
        if (extent.kind == ExtentKind::data) data += extent.length.value;
        at = extent.end();
    }
    return data;
}

/// What the table says of one copy: "=" for the same bytes to both readers, and "thin" where no more is data than must.
std::string judge(const ImageReader& source, const Kind& target, const std::string& raw, const std::string& path) {
    NoProgress progress;
    const auto writer = create_image(
        path, {.format = target.format, .virtual_size = source.info().virtual_size, .options = target.options});
    copy_image(source, *writer, progress, {});
    writer->finish();
    OpenOptions options;
    options.format = target.format;
    const auto copy = open_image(path, options);
    const auto report = compare_images(source, *copy, CompareDetail::everything, progress, {});
    const bool same_to_qemu =
        qemu_img({"compare", "-f", "raw", "-F", target.format, raw, path}).find("identical") != std::string::npos;
    if (!report.same() || !same_to_qemu) return "DIFFERENT";
    // A place of 64 KiB takes at most two units of a format.
    const std::uint64_t unit = std::max<std::uint64_t>(copy->info().cluster_size.value, 64 << 10);
    return data_in(*copy) <= data_bytes / (64 << 10) * 2 * unit ? "= thin" : "=";
}

std::string table_text() {
    const ScratchFolder folder;
    const std::string raw = folder.file("disk.raw");
    write_disk(raw);
    std::string table = "| read \\ written |";
    std::string rule = "|---|";
    for (const Kind& target : kinds_written()) {
        table += " " + target.name + " |";
        rule += "---|";
    }
    table += "\n" + rule + "\n";
    for (const Kind& kind : kinds_read()) {
        const std::string path = folder.file(kind.name + "." + kind.format);
        make_source(kind, raw, path);
        OpenOptions options;
        options.format = kind.format;
        const auto source = open_image(path, options);
        table += "| " + kind.name + " |";
        for (const Kind& target : kinds_written()) {
            CAPTURE(kind.name, target.name);
            const std::string verdict =
                judge(*source, target, raw, folder.file("copy of " + kind.name + " " + target.name));
            CHECK(verdict.starts_with("="));
            CHECK((verdict == "= thin") == target.is_thin);
            table += " " + verdict + " |";
        }
        table += "\n";
    }
    return table;
}

constexpr std::string_view mark_begin = "<!-- made by format_square_test, begin -->\n";
constexpr std::string_view mark_end = "<!-- end -->\n";

}  // namespace

TEST_CASE("formats: what is read becomes what is written, bytes and thinness kept, as the document's table says",
          "[formats][square]") {
    const std::string path = std::string(VARVE_SOURCE_DIR) + "/formats/README.md";
    std::ostringstream in;
    in << std::ifstream(path).rdbuf();
    const std::string document = in.str();
    const std::size_t begin = document.find(mark_begin);
    const std::size_t end = document.find(mark_end, begin);
    REQUIRE(begin != std::string::npos);
    REQUIRE(end != std::string::npos);
    const std::size_t table_begin = begin + mark_begin.size();
    const std::string table = table_text();
    if (std::getenv("VARVE_UPDATE_TABLES") != nullptr)
        std::ofstream(path) << document.substr(0, table_begin) << table << document.substr(end);
    else
        CHECK(document.substr(table_begin, end - table_begin) == table);
}

}  // namespace varve::reader_test
