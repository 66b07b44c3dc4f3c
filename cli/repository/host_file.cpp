#include "cli/repository/host_file.h"

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace varve {

std::optional<std::string> read_host_file(const std::filesystem::path& file, std::uint64_t bytes_max) {
    const std::string path = file.string();
    std::string text;
    try {
        const File opened = File::open(path, O_RDONLY | O_NOFOLLOW);
        const std::uint64_t length = opened.size().value;
        if (length > bytes_max)
            throw Error(ErrorCode::corrupt,
                        fmt::format("'{}': expected at most {} bytes, found {}", path, bytes_max, length));
        text.resize(length);
        opened.read_exactly({}, std::as_writable_bytes(std::span(text)));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::not_found) return std::nullopt;
        throw;
    }
    return text;
}

void write_host_file(const std::filesystem::path& file, std::string_view text) {
    const std::string draft = fmt::format("{}.{}", file.string(), ::getpid());
    try {
        const File opened = File::open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
        opened.write_all({}, bytes_of(text));
        opened.sync();
        if (std::rename(draft.c_str(), file.c_str()) != 0)
            throw io_error(fmt::format("cannot rename '{}'", draft), errno);
    } catch (...) {
        ::unlink(draft.c_str());
        throw;
    }
    sync_folder(file.parent_path());
}

void remove_host_file(const std::filesystem::path& file) {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT)
        throw io_error(fmt::format("cannot remove '{}'", file.string()), errno);
}

}  // namespace varve
