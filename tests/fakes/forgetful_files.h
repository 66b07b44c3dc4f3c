#pragma once
/// A file system in memory that loses power: what was not synced is gone, or partly there, after crash(). Stands in for
/// the folder under a LocalBackend. Safe from many threads.

#include <map>
#include <random>

#include "store/backend/local_files.h"

namespace varve {

/// What a power failure leaves of things that were not synced.
enum class Survival {
    nothing,     ///< as a journaling file system at its worst
    names_only,  ///< names are there, their bytes are not
    everything,  ///< as if it had all been synced just in time
    by_chance,   ///< each thing for itself
};

/// Whether the operation during which power fails still takes effect.
enum class FailingOperation { not_done, done };

/// The medium. Outlives the LocalFiles that are mounted on it; each operation that changes it counts.
class ForgetfulDisk {
public:
    ForgetfulDisk();
    ~ForgetfulDisk();

    std::unique_ptr<LocalFiles> mount();

    /// Power fails during the `n`-th changing operation from now (from 1): it and every later operation throw
    /// Error(io).
    void fail_at(std::uint64_t n, FailingOperation operation);
    bool has_failed() const;
    /// Power comes back.
    void crash(Survival survival, std::uint32_t seed);

    struct State;

private:
    std::shared_ptr<State> state_;
};

}  // namespace varve
