#include "engine/base/nameless_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/interrupted_calls.h"

namespace varve {
namespace {

constexpr std::size_t block_bytes = 4096;

std::filesystem::path temporary_folder(const std::filesystem::path& folder, const std::string& content) {
    const char* variable = ::getenv("TMPDIR");
    if (variable != nullptr && *variable != '\0') return variable;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
        throw io_error(fmt::format("cannot create the folder '{}' for {}", folder.string(), content), error.value());
    return folder;
}

}  // namespace

File open_nameless_file(const std::filesystem::path& folder, const std::string& content) {
    const std::filesystem::path place = temporary_folder(folder, content);
    UniqueFd fd(retry_interrupted([&] { return ::open(place.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); }));
    if (!fd) {  // a file system without O_TMPFILE
        std::string name = (place / ".varve-XXXXXX").string();
        fd = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
        if (!fd)
            throw io_error(
                fmt::format("cannot keep {} in '{}'; name another folder with TMPDIR", content, place.string()), errno);
        ::unlink(name.c_str());
    }
    return {std::move(fd), fmt::format("{} (kept in {})", content, place.string())};
}

void write_sparsely(const File& file, ByteOffset at, ByteView bytes) {
    while (!bytes.empty()) {
        const ByteView block = bytes.first(std::min(block_bytes, bytes.size()));
        if (!is_zero(block)) file.write_all(at, block);
        at += {block.size()};
        bytes = bytes.subspan(block.size());
    }
}

}  // namespace varve
