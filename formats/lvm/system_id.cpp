#include "formats/lvm/system_id.h"

#include <sys/utsname.h>
#include <fstream>
#include <string>

#include "engine/base/ascii.h"

namespace varve::lvm {
namespace {

std::string host_name() {
    utsname names{};
    return ::uname(&names) == 0 ? names.nodename : "";
}

/// The first line of the file; empty if it cannot be read.
std::string first_line(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return std::string(trim(line));
}

/// The value of the line `system_id = "VALUE"`; empty if there is none.
std::string configured_id(const char* path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const std::size_t sign = line.find('=');
        if (sign == std::string::npos || trim(std::string_view(line).substr(0, sign)) != "system_id") continue;
        const std::size_t begin = line.find('"', sign);
        const std::size_t end = begin == std::string::npos ? begin : line.find('"', begin + 1);
        if (end != std::string::npos) return line.substr(begin + 1, end - begin - 1);
    }
    return {};
}

}  // namespace

bool is_own_system_id(std::string_view id) {
    return !id.empty() &&
           (id == host_name() || id == first_line("/etc/machine-id") || id == configured_id("/etc/lvm/lvmlocal.conf"));
}

}  // namespace varve::lvm
