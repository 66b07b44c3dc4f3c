#include "cli/repository/verify_times_file.h"

#include "cli/repository/host_file.h"

namespace varve {
namespace {

constexpr std::uint64_t times_file_bytes_max = 1u << 30;  // some 20 million packs

std::filesystem::path times_file(const std::filesystem::path& folder) { return folder / "verified"; }

}  // namespace

VerifyTimes read_verify_times(const std::filesystem::path& folder) {
    const std::filesystem::path file = times_file(folder);
    const auto text = read_host_file(file, times_file_bytes_max);
    return text ? parse_verify_times(*text, file.string()) : VerifyTimes{};
}

void write_verify_times(const std::filesystem::path& folder, const VerifyTimes& times) {
    if (times.packs.empty()) return remove_host_file(times_file(folder));
    write_host_file(times_file(folder), encode(times));
}

}  // namespace varve
