#include "engine/base/process_identity.h"

#include <unistd.h>
#include <climits>
#include <fstream>
#include <optional>
#include <sstream>

namespace varve {
namespace {

std::string host_name() {
    char name[HOST_NAME_MAX + 1] = "";
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string link_target(const char* path) {
    char target[256];
    const ssize_t length = ::readlink(path, target, sizeof target);
    return length < 0 ? "" : std::string(target, static_cast<std::size_t>(length));
}

/// Field 22 of /proc/PID/stat (proc(5)); the program's name, field 2, may contain blanks and ')'. nullopt: there is no
/// such process.
std::optional<std::uint64_t> start_of(const std::string& process) {
    const std::string line = first_line("/proc/" + process + "/stat");
    const std::size_t name_end = line.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    std::uint64_t started = 0;
    if (!(fields >> started)) return std::nullopt;
    return started;
}

}  // namespace

ProcessIdentity this_process() {
    ProcessIdentity process;
    process.host = host_name();
    process.boot_id = first_line("/proc/sys/kernel/random/boot_id");
    process.pid_namespace = link_target("/proc/self/ns/pid");
    process.pid = static_cast<std::uint32_t>(::getpid());
    process.started = start_of("self").value_or(0);
    return process;
}

ProcessState state_of(const ProcessIdentity& process) {
    const ProcessIdentity self = this_process();
    if (self.boot_id.empty() || process.boot_id.empty() || self.host != process.host) return ProcessState::elsewhere;
    if (self.boot_id != process.boot_id) return ProcessState::gone;
    if (self.pid_namespace != process.pid_namespace) return ProcessState::elsewhere;
    const auto started = start_of(std::to_string(process.pid));
    return started == process.started ? ProcessState::running : ProcessState::gone;
}

}  // namespace varve
