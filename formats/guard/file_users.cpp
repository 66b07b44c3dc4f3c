#include "formats/guard/file_users.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "formats/guard/medium_identity.h"

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
    std::getline(std::ifstream(process / "comm"), name);
    return fmt::format("process {} ({})", process.filename().string(), name);
}

}  // namespace

std::optional<std::string> other_opener(const FileIdentity& medium) {
    std::error_code error;
    const std::string own = std::to_string(::getpid());
    for (fs::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        const bool is_process = name.find_first_not_of("0123456789") == name.npos;
        if (is_process && name != own && has_open(entry->path(), medium)) return describe_process(entry->path());
    }
    return std::nullopt;
}

bool is_open_elsewhere(const File& file) {
    // An open by another process in between breaks the lease, and the kernel signals that to us: SIGIO would end this
    // process, SIGURG does nothing by default.
    ::fcntl(file.fd(), F_SETSIG, SIGURG);
    if (::fcntl(file.fd(), F_SETLEASE, F_WRLCK) != 0) return errno == EAGAIN;
    ::fcntl(file.fd(), F_SETLEASE, F_UNLCK);
    return false;
}

}  // namespace varve
