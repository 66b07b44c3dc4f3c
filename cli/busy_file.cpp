#include "cli/busy_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/escape.h"
#include "engine/base/file.h"
#include "formats/target_rules.h"

namespace varve {
namespace {

namespace fs = std::filesystem;

bool has_open(const fs::path& process, const FileIdentity& wanted) {
    std::error_code error;
    for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
        struct stat status {};
        if (::stat(fd->path().c_str(), &status) == 0 && medium_identity(status) == wanted) return true;
    }
    return false;
}

std::string describe_process(const fs::path& process) {
    std::string name;
    std::ifstream(process / "comm") >> name;
    return fmt::format("process {} ({})", process.filename().string(), escape_for_display(name));
}

std::optional<std::string> find_process(const FileIdentity& wanted) {
    std::error_code error;
    const std::string own = std::to_string(::getpid());
    for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const bool is_process = name.find_first_not_of("0123456789") == name.npos;
        if (is_process && name != own && has_open(entry->path(), wanted)) return describe_process(entry->path());
    }
    return std::nullopt;
}

/// Whether the kernel refuses a lease because somebody else has the file open.
bool lease_is_refused(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return false;
    if (::fcntl(fd.get(), F_SETLEASE, F_WRLCK) != 0) return errno == EAGAIN;
    ::fcntl(fd.get(), F_SETLEASE, F_UNLCK);
    return false;
}

}  // namespace

std::optional<std::string> other_opener(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    if (auto process = find_process(medium_identity(status))) return process;
    if (S_ISREG(status.st_mode) && lease_is_refused(path)) return "another process or the kernel";
    return std::nullopt;
}

}  // namespace varve
