#pragma once
/// Small text files that a host keeps about a repository, in its folder for it beside the catalog. A reader sees the
/// old or the new text, never a part, and waits for no writer. Errors are Error(io).

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace varve {

/// nullopt if the file does not exist. Throws Error(corrupt) for one of more than `bytes_max`, and reads nothing of it.
std::optional<std::string> read_host_file(const std::filesystem::path& file, std::uint64_t bytes_max);

/// Replaces the file as a whole, durably.
void write_host_file(const std::filesystem::path& file, std::string_view text);

/// It is not an error if it does not exist.
void remove_host_file(const std::filesystem::path& file);

}  // namespace varve
