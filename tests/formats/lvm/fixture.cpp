#include "tests/formats/lvm/fixture.h"

#include <fcntl.h>
#include <fstream>
#include <sstream>

#include "engine/base/file.h"
#include "formats/guard/file_source.h"
#include "formats/raw/reader.h"
#include "tests/catch.h"
#include "tests/support/build_paths.h"

namespace varve::lvm_test {

std::filesystem::path fixture(const std::string& name) {
    return std::filesystem::path(test::lvm_fixtures_path()) / name;
}

std::vector<std::string> fixture_disks(const std::string& name) {
    std::vector<std::string> disks;
    for (int i = 0;; ++i) {
        const auto path = fixture(name) / ("p" + std::to_string(i) + ".raw");
        if (!std::filesystem::exists(path)) return disks;
        disks.push_back(path.string());
    }
}

std::shared_ptr<const ImageReader> fixture_disk(const std::string& name, int index) {
    return std::make_shared<raw::Reader>(
        open_file_source((fixture(name) / ("p" + std::to_string(index) + ".raw")).string()));
}

std::vector<std::vector<std::string>> fixture_table(const std::string& name, const std::string& table) {
    std::ifstream in(fixture(name) / table);
    REQUIRE(in);
    std::vector<std::vector<std::string>> rows;
    std::string line;
    std::getline(in, line);
    while (std::getline(in, line)) {
        std::istringstream cells(line);
        rows.emplace_back();
        for (std::string cell; std::getline(cells, cell, '\t');) rows.back().push_back(cell);
    }
    REQUIRE(!rows.empty());
    return rows;
}

}  // namespace varve::lvm_test
