#pragma once
/// The bytes of a lease (FORMAT.md section 4): which process is at work in the repository. Pure functions.

#include "engine/base/bytes.h"
#include "engine/base/process_identity.h"
#include "engine/base/random_id.h"
#include "engine/base/timestamp.h"
#include "engine/base/units.h"

namespace varve {

struct Lease {
    ProcessIdentity holder;
    TimeNs refreshed = 0;  ///< by the clock of its host
    std::string purpose;   ///< the verb
    friend bool operator==(const Lease&, const Lease&) = default;
};

inline constexpr ByteCount lease_bytes_max = kib(64);

Bytes encode(const Lease& lease, const RepositoryId& repository);

/// Error(corrupt) that names `object` for anything but a lease in this repository; Error(unsupported) for one of a
/// newer version.
Lease parse_lease(ByteView bytes, const RepositoryId& repository, const std::string& object);

}  // namespace varve
