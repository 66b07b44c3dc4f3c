#pragma once
/// Encodes and parses log entries (FORMAT.md section 8). Pure functions.

#include <string>

#include "engine/repository/log_entry.h"

namespace varve {

/// A log entry as parsed from its bytes, before checking whether it fits the chain.
struct ParsedLogEntry {
    RepositoryId repository;
    LogNumber number = 0;
    Digest previous;  ///< digest of the previous entry
    LogEntry entry;
};

/// The bytes of the entry that follows `before`. Error(usage) for a text or list too long for its field.
Bytes encode_log_entry(const LogEntry& entry, const LogHead& before, const RepositoryId& repository);

/// Error(corrupt) that names `object` for damage, Error(unsupported) for encryption or records of a newer version.
ParsedLogEntry parse_log_entry(ByteView bytes, const std::string& object);

}  // namespace varve
