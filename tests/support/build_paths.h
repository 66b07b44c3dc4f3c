#pragma once
/// Where the sources and the outputs of this build are. Only the source of this header holds absolute paths, so
/// that a compiler cache serves every other test source to checkouts in other folders.

#include <string>
#include <string_view>

namespace varve::test {

/// The path of a file of the project, named from its top folder.
std::string source_path(std::string_view relative);
/// The path of a file of this build, named from the build's top folder.
std::string build_path(std::string_view relative);
/// The varve program of this build.
std::string program_path();
/// The folder with the unpacked disks of tests/fixtures/lvm.
std::string lvm_fixtures_path();

}  // namespace varve::test
