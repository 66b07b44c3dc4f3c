#pragma once
/// Runs a job on a repository with every fault that may meet it: an operation of the backend fails, or the power does.
/// What must hold afterwards is the caller's.

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
    std::function<void(TestRepository& host)> prepare;  ///< on a new repository, once
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

/// One run on a copy of `prepared`, with a fault at operation `n` of the backend; false if `n` is past its end.
inline bool meets_fault_at(std::uint64_t n, const JobUnderFaults& job, const MemoryBackend& prepared,
                           FaultEffect effect, FaultSpan span, FaultScope scope) {
    CAPTURE(n, static_cast<int>(effect), static_cast<int>(span));
    MemoryBackend memory(prepared);
    FaultBackend faulty(memory, scope);
    TestRepository host(faulty, job.limits);
    catch_up(host.repository, host.progress);
    faulty.fail_at(n, effect, span);
    const bool has_succeeded = succeeds(job, host);
    const bool has_met_fault = faulty.has_failed();
    faulty.heal();
    REQUIRE((has_met_fault || has_succeeded));
    job.require_afterwards({memory, &host, has_succeeded});
    return has_met_fault;
}

/// With a fault at the first of its operations, the second one and so on; with sanitizers, at every third.
inline void survive_every_fault(const JobUnderFaults& job, FaultEffect effect, FaultScope scope) {
    MemoryBackend prepared;
    {
        TestRepository host(prepared, job.limits);
        job.prepare(host);
    }
    for (const FaultSpan span : {FaultSpan::once, FaultSpan::from_then}) {
        std::uint64_t n = 1;
        while (meets_fault_at(n, job, prepared, effect, span, scope)) n += test_place_step;
        std::printf("%s: a fault at each of %llu places, or every third\n", std::string(job.name).c_str(),
                    static_cast<unsigned long long>(n - 1));
        REQUIRE(n > 2);
    }
}

/// Runs the job once; then the power has failed at any moment of it, and of what was not synced then, any part is
/// there, in every combination; with sanitizers, in every third.
inline void survive_every_power_failure(const JobUnderFaults& job) {
    ForgetfulDisk disk;
    LocalBackend backend(disk.mount());
    TestRepository host(backend, job.limits);
    job.prepare(host);
    disk.record();
    job.run(host);
    std::uint64_t count = 0;
    disk.for_each_crash([&](ForgetfulDisk& left, bool is_at_end) {
        if (count++ % test_place_step != 0 && !is_at_end) return;
        CAPTURE(count);
        LocalBackend rebooted(left.mount());
        job.require_afterwards({rebooted, nullptr, is_at_end});
    });
    std::printf("%s: %llu disks that a power failure may leave, or a third of them\n", std::string(job.name).c_str(),
                static_cast<unsigned long long>(count));
    REQUIRE(count > 2);
}

}  // namespace varve::test
