#include "formats/guard/device_folder.h"

#include <cstdlib>
#include <memory>

namespace varve {

bool is_device_folder(const std::string& folder) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(folder.c_str(), nullptr), &std::free);
    if (!real) return false;
    const std::string path = std::string(real.get()) + '/';
    return path.starts_with("/dev/") && !path.starts_with("/dev/shm/");
}

std::string folder_part(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? "." : path.substr(0, slash + 1);
}

}  // namespace varve
