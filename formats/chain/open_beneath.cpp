#include "formats/chain/open_beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <string_view>
#include <vector>

namespace varve {
namespace {

#ifdef SYS_openat2
constexpr long openat2_number = SYS_openat2;
#else
constexpr long openat2_number = 437;  // the same on every architecture
#endif

constexpr int races_tolerated = 32;

std::vector<std::string> components_of(std::string_view name) {
    std::vector<std::string> components;
    while (!name.empty()) {
        const std::size_t slash = name.find('/');
        const std::string_view component = name.substr(0, slash);
        if (!component.empty() && component != ".") components.emplace_back(component);
        name = slash == std::string_view::npos ? std::string_view{} : name.substr(slash + 1);
    }
    return components;
}

OpenBeneathResult failed(int error) { return {UniqueFd(), error}; }

}  // namespace

OpenBeneathResult find_place(const std::string& path) {
    open_how how{};
    how.flags = static_cast<__u64>(O_PATH | O_CLOEXEC);
    how.resolve = RESOLVE_NO_MAGICLINKS;
    long fd = ::syscall(openat2_number, AT_FDCWD, path.c_str(), &how, sizeof how);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM)) fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    return fd >= 0 ? OpenBeneathResult{UniqueFd(static_cast<int>(fd)), 0} : failed(errno);
}

OpenBeneathResult open_beneath(int folder, const std::string& name, int flags) {
    open_how how{};
    how.flags = static_cast<__u64>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    for (int attempt = 0; attempt < races_tolerated; ++attempt) {
        const long fd = ::syscall(openat2_number, folder, name.c_str(), &how, sizeof how);
        if (fd >= 0) return {UniqueFd(static_cast<int>(fd)), 0};
        // EPERM: a seccomp filter without this call.
        if (errno == ENOSYS || errno == EPERM) return open_beneath_by_component(folder, name, flags);
        if (errno != EAGAIN && errno != EINTR) return failed(errno);  // EAGAIN: a concurrent rename
    }
    return failed(EAGAIN);
}

OpenBeneathResult open_beneath_by_component(int folder, const std::string& name, int flags) {
    if (name.starts_with('/')) return failed(EXDEV);
    std::vector<std::string> components = components_of(name);
    if (components.empty() || components.back() == "..") components.emplace_back(".");
    std::vector<UniqueFd> way;
    const auto here = [&] { return way.empty() ? folder : way.back().get(); };
    for (std::size_t i = 0; i + 1 < components.size(); ++i) {
        if (components[i] == "..") {
            if (way.empty()) return failed(EXDEV);
            way.pop_back();
            continue;
        }
        UniqueFd next(::openat(here(), components[i].c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) return failed(errno);
        way.push_back(std::move(next));
    }
    UniqueFd file(::openat(here(), components.back().c_str(), flags | O_NOFOLLOW | O_CLOEXEC));
    return file ? OpenBeneathResult{std::move(file), 0} : failed(errno);
}

}  // namespace varve
