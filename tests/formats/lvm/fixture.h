#pragma once
/// The physical volumes of tests/fixtures/lvm, unpacked by the build. Do not write to them.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/image/image_reader.h"

namespace varve::lvm_test {

/// The folder of one archive: "linear", "snap", "thin" or "exotic".
std::filesystem::path fixture(const std::string& name);

/// Its p0.raw, p1.raw, ...
std::vector<std::string> fixture_disks(const std::string& name);

/// One of its disks, as a raw image.
std::shared_ptr<const ImageReader> fixture_disk(const std::string& name, int index);

/// The rows of one of its tables (MANIFEST.tsv, RANGES.tsv), without the header.
std::vector<std::vector<std::string>> fixture_table(const std::string& name, const std::string& table);

}  // namespace varve::lvm_test
