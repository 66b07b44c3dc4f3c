#include "store/leases.h"

#include <optional>

#include "engine/base/error.h"

namespace varve {
namespace {

constexpr std::string_view leases_prefix = "leases/";
constexpr TimeNs lease_life = TimeNs{24} * 3600 * ns_per_second;

TimeNs clock_now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// nullopt: it is gone, or damaged: then it holds nothing back.
std::optional<Lease> read_lease(const Backend& backend, const RepositoryId& repository, const std::string& name) {
    try {
        const auto bytes = backend.get(name, lease_bytes_max);
        if (!bytes) return std::nullopt;
        return parse_lease(*bytes, repository, backend.locate(name));
    } catch (const Error& error) {
        if (error.code() == ErrorCode::corrupt) return std::nullopt;
        throw;
    }
}

bool is_alive(const Lease& lease) {
    switch (state_of(lease.holder)) {
        case ProcessState::running:
            return true;
        case ProcessState::gone:
            return false;
        case ProcessState::elsewhere:
            break;
    }
    const TimeNs now = clock_now();
    return lease.refreshed > now - lease_life && lease.refreshed < now + lease_life;
}

}  // namespace

HeldLease::HeldLease(Backend& backend, const RepositoryId& repository, std::string purpose,
                     std::chrono::milliseconds refresh_interval)
    : backend_(backend),
      repository_(repository),
      purpose_(std::move(purpose)),
      refresh_interval_(refresh_interval),
      name_(put()),
      refresher_([this](const std::stop_token& stop) { refresh(stop); }) {}

HeldLease::~HeldLease() {
    refresher_.request_stop();
    refresher_.join();
    try {
        backend_.remove(name_);
    } catch (const std::exception&) {  // the next prune removes it
    }
}

/// Objects are never changed, so each refresh is a new one.
std::string HeldLease::put() {
    const std::string name = std::string(leases_prefix) + RandomId<struct LeaseTag>::make().hex();
    backend_.put_if_absent(name, encode(Lease{this_process(), clock_now(), purpose_}, repository_));
    return name;
}

void HeldLease::refresh(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, stop, refresh_interval_, [] { return false; }) && !stop.stop_requested()) {
        try {
            std::string fresh = put();
            std::swap(name_, fresh);
            backend_.remove(fresh);
        } catch (const std::exception&) {  // a hint: tried again in an hour
        }
    }
}

bool is_other_writer_alive(Backend& backend, const RepositoryId& repository, DeadLeases dead) {
    const ProcessIdentity self = this_process();
    bool is_any_alive = false;
    for (const std::string& name : backend.list(leases_prefix)) {
        try {
            const auto lease = read_lease(backend, repository, name);
            if (lease && lease->holder == self) continue;
            if (lease && is_alive(*lease))
                is_any_alive = true;
            else if (dead == DeadLeases::remove)
                backend.remove(name);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::unsupported) throw;
            is_any_alive = true;  // of a newer version
        }
    }
    return is_any_alive;
}

}  // namespace varve
