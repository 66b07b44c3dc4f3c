#include "cli/backup/attached_files.h"

#include <fcntl.h>
#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace varve {
namespace {

Bytes read_whole(const std::string& path) {
    const File file = File::open(path, O_RDONLY | O_NONBLOCK);  // a pipe is refused below, not waited for
    if (file.kind() != FileKind::regular)
        throw Error(ErrorCode::refused, fmt::format("'{}' is not a regular file; --attach stores small files", path));
    const ByteCount size = file.size();
    if (size > attachment_bytes_max)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' has {} bytes; --attach stores files of at most {} bytes (16 MiB)", path,
                                size.value, attachment_bytes_max.value));
    Bytes bytes(static_cast<std::size_t>(size.value));
    file.read_exactly({}, bytes);
    return bytes;
}

}  // namespace

std::vector<FileToAttach> read_attached_files(std::span<const std::string> paths) {
    std::vector<FileToAttach> files;
    std::set<std::string> names;
    for (const std::string& path : paths) {
        const std::string name = std::filesystem::path(path).filename().string();
        check_attachment_name(name);
        if (!names.insert(name).second)
            throw Error(ErrorCode::usage, fmt::format("two attached files are called '{}'; rename one", name));
        files.push_back({name, read_whole(path)});
    }
    return files;
}

void add_attachments(std::vector<FileToAttach>& files, std::vector<FileToAttach> more, Progress& progress) {
    for (FileToAttach& file : more) {
        const auto same_name = std::ranges::find(files, file.name, &FileToAttach::name);
        if (same_name == files.end())
            files.push_back(std::move(file));
        else if (same_name->bytes != file.bytes)
            progress.warn(
                fmt::format("a file '{}' is attached already; the other one of that name is not stored", file.name));
    }
}

}  // namespace varve
