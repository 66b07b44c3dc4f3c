#pragma once
/// Which process on which host: recognised for certain by another process of the same host, even after its number was
/// given to a new one. Plain values; pure functions of /proc.

#include <cstdint>
#include <string>

namespace varve {

struct ProcessIdentity {
    std::string host;           ///< its name, for people
    std::string boot_id;        ///< of the kernel that runs it: random at each boot
    std::string pid_namespace;  ///< in which `pid` counts
    std::uint32_t pid = 0;
    std::uint64_t started = 0;  ///< clock ticks after the boot
    friend bool operator==(const ProcessIdentity&, const ProcessIdentity&) = default;
};

/// What cannot be found out is empty or 0.
ProcessIdentity this_process();

enum class ProcessState {
    running,
    gone,       ///< it ended, or its host has been booted since
    elsewhere,  ///< on another host or in another container: it cannot be seen from here
};

ProcessState state_of(const ProcessIdentity& process);

}  // namespace varve
