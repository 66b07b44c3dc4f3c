#pragma once
/// Runs a job on a repository again and again, each time with a fault at another of its operations: one of the backend
/// fails, or the power does, until the job ends before that. What must hold afterwards is the caller's.

#include <cstdio>
#include <functional>
#include <string_view>

#include "engine/base/error.h"
#include "store/backend/local_backend.h"
#include "tests/catch.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/forgetful_files.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/long_test.h"
#include "tests/support/test_repository.h"

namespace varve::test {

/// After a fault, when the place works again.
struct Aftermath {
    Backend& backend;
    TestRepository* host = nullptr;  ///< that ran the job; null: it ended with the power
    bool has_succeeded = false;      ///< the job was reported as done
};

struct JobUnderFaults {
    std::string_view name;
    std::function<void(TestRepository& host)> prepare;  ///< on a new repository, before the fault
    std::function<void(TestRepository& host)> run;
    std::function<void(const Aftermath& after)> require_afterwards;
    SessionLimits limits = {};
};

/// False: it threw what a fault may cause.
inline bool succeeds(const JobUnderFaults& job, TestRepository& host) {
    try {
        job.run(host);
        return true;
    } catch (const Error& error) {
        REQUIRE(error.code() == ErrorCode::io);
        return false;
    }
}

/// One run with a fault at operation `n` of the backend; false if `n` is past its end.
inline bool meets_fault_at(std::uint64_t n, const JobUnderFaults& job, FaultEffect effect, FaultSpan span,
                           FaultScope scope) {
    CAPTURE(n, static_cast<int>(effect), static_cast<int>(span));
    MemoryBackend memory;
    FaultBackend faulty(memory, scope);
    TestRepository host(faulty, job.limits);
    job.prepare(host);
    faulty.fail_at(n, effect, span);
    const bool has_succeeded = succeeds(job, host);
    const bool has_met_fault = faulty.has_failed();
    faulty.heal();
    REQUIRE((has_met_fault || has_succeeded));
    job.require_afterwards({memory, &host, has_succeeded});
    return has_met_fault;
}

/// One run with a power failure during its `n`-th change of the disk; false if `n` is past its end.
inline bool meets_power_failure_at(std::uint64_t n, const JobUnderFaults& job, FailingOperation operation,
                                   Survival survival) {
    CAPTURE(n, static_cast<int>(operation), static_cast<int>(survival));
    ForgetfulDisk disk;
    LocalBackend backend(disk.mount());
    bool has_succeeded = false;
    {
        TestRepository host(backend, job.limits);
        job.prepare(host);
        disk.fail_at(n, operation);
        has_succeeded = succeeds(job, host);
    }
    const bool has_met_failure = disk.has_failed();
    REQUIRE((has_met_failure || has_succeeded));
    disk.crash(survival, static_cast<std::uint32_t>(n));
    LocalBackend rebooted(disk.mount());
    job.require_afterwards({rebooted, nullptr, has_succeeded});
    return has_met_failure;
}

/// Calls `meets_fault` for 1, 2, 3 … until it returns false; with sanitizers, for every third.
inline void at_every_place(const JobUnderFaults& job, std::string_view what,
                           const std::function<bool(std::uint64_t n)>& meets_fault) {
    std::uint64_t n = 1;
    while (meets_fault(n)) n += test_place_step;
    std::printf("%s: %s at each of %llu places, or every third\n", std::string(job.name).c_str(),
                std::string(what).c_str(), static_cast<unsigned long long>(n - 1));
    REQUIRE(n > 2);
}

inline void survive_every_fault(const JobUnderFaults& job, FaultEffect effect, FaultScope scope) {
    for (const FaultSpan span : {FaultSpan::once, FaultSpan::from_then})
        at_every_place(job, "a fault", [&](std::uint64_t n) { return meets_fault_at(n, job, effect, span, scope); });
}

/// With everything that a power failure may leave; the operation during which power fails takes effect at every other
/// place, and at the places between in the next round.
inline void survive_every_power_failure(const JobUnderFaults& job) {
    std::uint64_t round = 0;
    for (const Survival survival :
         {Survival::nothing, Survival::names_only, Survival::everything, Survival::by_chance}) {
        ++round;
        at_every_place(job, "a power failure", [&](std::uint64_t n) {
            const bool is_done = (n + round) % 2 == 0;
            return meets_power_failure_at(n, job, is_done ? FailingOperation::done : FailingOperation::not_done,
                                          survival);
        });
    }
}

}  // namespace varve::test
