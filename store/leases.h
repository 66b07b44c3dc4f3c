#pragma once
/// Leases: marks of the programs that write packs which no log entry names yet, so that a prune does not take these for
/// garbage. They are hints: without one, a backup whose packs a prune condemned sees that in the log and starts again.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "engine/repository/repository.h"
#include "store/backend/backend.h"
#include "store/object/lease.h"

namespace varve {

/// A lease of this process, from construction to destruction. While it lasts, a thread writes it again every hour, so
/// that other hosts see that it is alive.
class HeldLease {
public:
    /// Borrows `backend`. Throws what put_if_absent() throws.
    HeldLease(Backend& backend, const RepositoryId& repository, std::string purpose,
              std::chrono::milliseconds refresh_interval = std::chrono::hours(1));
    /// Removes it; if that fails, it counts as dead as soon as this process is gone.
    ~HeldLease();
    HeldLease(const HeldLease&) = delete;
    HeldLease& operator=(const HeldLease&) = delete;

private:
    std::string put();
    void refresh(const std::stop_token& stop);

    Backend& backend_;
    const RepositoryId repository_;
    const std::string purpose_;
    const std::chrono::milliseconds refresh_interval_;
    std::string name_;  ///< of its object now; used by the thread until that has ended
    std::mutex mutex_;
    std::condition_variable_any stopped_;
    std::jthread refresher_;  ///< last, because it uses all of the above
};

enum class DeadLeases { keep, remove };

/// Whether another process than this one holds a lease: one of this host that is running, or one elsewhere that was
/// refreshed less than a day ago. The leases of all others are dead.
bool is_other_writer_alive(Backend& backend, const RepositoryId& repository, DeadLeases dead);

}  // namespace varve
