#pragma once
/// A file system in memory that can lose power: after crash(), what was not synced is gone, or partly present. Replaces
/// the folder of a LocalBackend. Safe to use from many threads.

#include <functional>
#include <map>
#include <random>

#include "store/backend/local_files.h"

namespace varve {

/// What a power failure leaves of things that were not synced.
enum class Survival {
    nothing,     ///< like a journaling file system at its worst
    names_only,  ///< names survive, their bytes do not
    everything,  ///< as if all of it had been synced just in time
    by_chance,   ///< decided for each thing separately
};

/// Whether the operation during which power fails still takes effect.
enum class FailingOperation { not_done, done };

/// The medium. Outlives the LocalFiles mounted on it; counts the operations that change it.
class ForgetfulDisk {
public:
    ForgetfulDisk();
    ~ForgetfulDisk();

    std::unique_ptr<LocalFiles> mount();

    /// Power fails during the `n`-th changing operation from now (from 1): it and every later operation throw
    /// Error(io).
    void fail_at(std::uint64_t n, FailingOperation operation);
    bool has_failed() const;
    /// Power returns.
    void crash(Survival survival, std::uint32_t seed);

    /// From now on, remembers what it is before and after each operation that changes it.
    void record();
    /// Passes each disk, once, that a power failure at a remembered moment may leave: of what was not synced then, each
    /// thing survives or does not, in every combination. `is_at_end`: as of now, after all operations.
    void for_each_crash(const std::function<void(ForgetfulDisk& left, bool is_at_end)>& visit) const;

    struct State;

private:
    explicit ForgetfulDisk(std::shared_ptr<State> state) : state_(std::move(state)) {}

    std::shared_ptr<State> state_;
};

}  // namespace varve
