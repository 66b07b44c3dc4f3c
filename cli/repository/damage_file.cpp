#include "cli/repository/damage_file.h"

#include "cli/repository/host_file.h"

namespace varve {
namespace {

constexpr std::uint64_t damage_file_bytes_max = 256u << 20;

std::filesystem::path damage_file(const std::filesystem::path& folder) { return folder / "damage"; }

}  // namespace

KnownDamage read_known_damage(const std::filesystem::path& folder) {
    const std::filesystem::path file = damage_file(folder);
    const auto text = read_host_file(file, damage_file_bytes_max);
    return text ? parse_known_damage(*text, file.string()) : KnownDamage{};
}

void write_known_damage(const std::filesystem::path& folder, const KnownDamage& damage) {
    if (damage.empty()) return remove_host_file(damage_file(folder));
    write_host_file(damage_file(folder), encode(damage));
}

}  // namespace varve
