// Real images from elsewhere: every file that MANIFEST.tsv in the folder VARVE_CORPUS lists, if varve reads its format,
// reads to the SHA-256 given there, or is refused where the list states so. Skipped without the variable.

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "engine/base/hex.h"
#include "formats/registry.h"
#include "tests/catch.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

struct Row {
    std::string file;
    std::string format;
    std::uint64_t size = 0;
    std::string sha256;  ///< or a sentence that explains why there is none
};

bool is_digest(const std::string& text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::vector<Row> read_manifest(const std::filesystem::path& folder) {
    std::ifstream in(folder / "MANIFEST.tsv");
    REQUIRE(in);
    std::vector<Row> rows;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::istringstream fields(line);
        std::string variant, size;
        Row row;
        std::getline(fields, row.file, '\t');
        std::getline(fields, variant, '\t');
        std::getline(fields, size, '\t');
        std::getline(fields, row.sha256, '\t');
        // Where qemu is wrong the digest is another reader's, whose name follows.
        if (const std::string digest = row.sha256.substr(0, row.sha256.find(' ')); is_digest(digest))
            row.sha256 = digest;
        row.format = variant.substr(0, variant.find(' '));
        // For a file that no tool could open, the extension gives the format, and there is no size.
        if (row.format == "?") row.format = row.file.substr(row.file.rfind('.') + 1);
        if (!format_registry().is_readable(row.format)) continue;
        if (!std::filesystem::exists(folder / row.file)) continue;  // packed, as its disk has many gigabytes
        if (is_digest(row.sha256)) row.size = std::stoull(size);
        rows.push_back(row);
    }
    return rows;
}

void check_row(const std::filesystem::path& folder, const Row& row) {
    INFO(row.file);
    const std::string path = (folder / row.file).string();
    const OpenOptions options{{.format = row.format}};
    if (!is_digest(row.sha256)) {
        CHECK_FALSE(refusal_of(path, options).empty());
        return;
    }
    // A raw disk may have the name of another format (an extent, a download) or of a piece: it is not read alone
    // unasked.
    if (const std::string refusal = refusal_of(path); row.format == "raw" && !refusal.empty())
        CHECK(refusal.find("pass --format raw") != std::string::npos);
    else
        CHECK(open_image(path)->info().format == row.format);
    const auto reader = open_image(path, options);
    // The manifest has qemu's size and bytes, and qemu pads a raw file to 512: the exact size is the right one.
    CHECK(divide_up(reader->info().virtual_size.value, 512) * 512 == divide_up(row.size, 512) * 512);
    constexpr std::uint64_t bytes_hashed_max = std::uint64_t{2} << 30;
    if (row.size <= bytes_hashed_max) CHECK(to_hex(digest_of(*reader, row.size).view()) == row.sha256);
}

}  // namespace

TEST_CASE("corpus: real images read to their known digests", "[formats][qcow2][raw][vmdk][vhd][corpus]") {
    const char* folder = std::getenv("VARVE_CORPUS");
    if (folder == nullptr) {
        WARN("skipped: VARVE_CORPUS names no folder");
        return;
    }
    const std::vector<Row> rows = read_manifest(folder);
    for (const Row& row : rows) check_row(folder, row);
    WARN(rows.size() << " images of " << folder);
    CHECK_FALSE(rows.empty());
}

}  // namespace varve::reader_test
