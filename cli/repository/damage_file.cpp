#include "cli/repository/damage_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace varve {
namespace {

constexpr std::uint64_t damage_file_bytes_max = 256u << 20;

std::filesystem::path damage_file(const std::filesystem::path& folder) { return folder / "damage"; }

void remove_file(const std::filesystem::path& file) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT)
        throw io_error(fmt::format("cannot remove '{}'", file.string()), errno);
}

}  // namespace

KnownDamage read_known_damage(const std::filesystem::path& folder) {
    const std::string path = damage_file(folder).string();
    std::string text;
    try {
        const File file = File::open(path, O_RDONLY | O_NOFOLLOW);
        const std::uint64_t length = file.size().value;
        if (length > damage_file_bytes_max)
            throw Error(ErrorCode::corrupt,
                        fmt::format("'{}': expected at most {} bytes, found {}", path, damage_file_bytes_max, length));
        text.resize(length);
        file.read_exactly({}, std::as_writable_bytes(std::span(text)));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) return {};
        throw;
    }
    return parse_known_damage(text, path);
}

void write_known_damage(const std::filesystem::path& folder, const KnownDamage& damage) {
    const std::filesystem::path path = damage_file(folder);
    if (damage.empty()) return remove_file(path);
    const std::string draft = fmt::format("{}.{}", path.string(), ::getpid());
    const std::string text = encode(damage);
    try {
        const File file = File::open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
        file.write_all({}, bytes_of(text));
        file.sync();
        if (std::rename(draft.c_str(), path.c_str()) != 0)
            throw io_error(fmt::format("cannot rename '{}'", draft), errno);
    } catch (...) {
        ::unlink(draft.c_str());
        throw;
    }
    sync_folder(folder);
}

}  // namespace varve
