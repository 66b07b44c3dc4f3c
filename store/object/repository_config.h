#pragma once
/// The config object of a repository (FORMAT.md section 4): its id, its fingerprint seed, and the features that a
/// program must know to open it or to write to it.

#include <string>

#include "engine/repository/repository.h"
#include "store/backend/backend.h"

namespace varve {

struct RepositoryConfig {
    RepositoryId id;
    std::uint64_t fingerprint_seed = 0;
    std::uint64_t features_to_open = 0;
    std::uint64_t features_to_write = 0;
    std::uint64_t features_informative = 0;
    std::int64_t created_ns = 0;  ///< since 1970 UTC
    std::string program;
    friend bool operator==(const RepositoryConfig&, const RepositoryConfig&) = default;
};

Bytes encode(const RepositoryConfig& config);
/// Error(corrupt) for damage, Error(unsupported) for encryption, another chunk size or a newer format version. Does not
/// check feature bits.
RepositoryConfig parse_repository_config(ByteView bytes, const std::string& object);

/// Makes a new repository in an empty place. Error(refused) if the place already holds one, or anything else.
RepositoryInfo create_repository(Backend& backend);

/// Error(not_found) if the place holds no repository; Error(unsupported) if opening it needs a newer version. Without a
/// readable config, but with a log, the id is taken from the log: then the repository can be read, not written, and
/// `config_fault` states why.
RepositoryInfo open_repository(const Backend& backend);

/// Throws Error(unsupported | corrupt) with the reason when nothing may be written.
void check_writable(const RepositoryInfo& info, const Backend& backend);

}  // namespace varve
