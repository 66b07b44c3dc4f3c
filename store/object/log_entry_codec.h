#pragma once
/// The bytes of a log entry (FORMAT.md section 8) and back. Pure functions.

#include <string>

#include "engine/repository/log_entry.h"

namespace varve {

/// A log entry as its bytes say it, before anybody judged whether it fits the chain.
struct ParsedLogEntry {
    RepositoryId repository;
    LogNumber number = 0;
    Digest previous;  ///< digest of the entry before
    LogEntry entry;
};

/// The bytes of the entry that follows `before`. Error(usage) for a text or list too long for its field.
Bytes encode_log_entry(const LogEntry& entry, const LogHead& before, const RepositoryId& repository);

/// Error(corrupt) that names `object` for damage, Error(unsupported) for encryption or records of a newer version.
ParsedLogEntry parse_log_entry(ByteView bytes, const std::string& object);

}  // namespace varve
