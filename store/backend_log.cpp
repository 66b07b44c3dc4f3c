#include "store/backend_log.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "store/object/envelope.h"
#include "store/object/log_entry_codec.h"

namespace varve {
namespace {

constexpr LogNumber log_number_max = 9'999'999'999'999'999;

/// Throws unless `parsed` is entry `number` of this repository.
void check_place(const ParsedLogEntry& parsed, const RepositoryInfo& info, LogNumber number,
                 const std::string& object) {
    if (parsed.repository != info.id)
        throw Error(ErrorCode::corrupt, fmt::format("{}: expected an entry of repository {}, found one of {}", object,
                                                    info.id.hex(), parsed.repository.hex()));
    if (parsed.number != number)
        throw Error(ErrorCode::corrupt,
                    fmt::format("{}: expected entry number {}, found {}", object, number, parsed.number));
}

}  // namespace

std::string log_entry_name(LogNumber number) {
    VARVE_CHECK(number > 0 && number <= log_number_max);
    return fmt::format("log/{:016}", number);
}

LogHead BackendLog::genesis() const { return {0, sha256(info_.id.view())}; }

std::optional<LogHead> BackendLog::head_at(LogNumber number) const {
    if (number == 0) return genesis();
    if (number > log_number_max) return std::nullopt;
    const auto bytes = read(number);
    if (!bytes) return std::nullopt;
    check_place(parse_log_entry(*bytes, describe(number)), info_, number, describe(number));
    return LogHead{number, sha256(*bytes)};
}

std::optional<LogRecord> BackendLog::next(const LogHead& head) const {
    const LogNumber number = head.number + 1;
    const auto bytes = read(number);
    if (!bytes) return std::nullopt;
    ParsedLogEntry parsed = parse_log_entry(*bytes, describe(number));
    check_place(parsed, info_, number, describe(number));
    if (parsed.previous != head.digest)
        throw Error(ErrorCode::corrupt,
                    fmt::format("{}: expected the digest {} of the previous entry, found {}: the log was changed or "
                                "replaced",
                                describe(number), to_hex(head.digest.view()), to_hex(parsed.previous.view())));
    return LogRecord{{number, sha256(*bytes)}, std::move(parsed.entry)};
}

std::optional<LogHead> BackendLog::append(const LogHead& head, const LogEntry& entry) {
    if (!info_.writable)
        throw Error(
            ErrorCode::unsupported,
            fmt::format("writing to repository '{}' needs a newer varve; reading it works", backend_.locate("")));
    const Bytes bytes = encode_log_entry(entry, head, info_.id);
    // An unreadable entry would lock everyone out of the repository, so read it back before appending it.
    if (parse_log_entry(bytes, "the log entry to be written").entry != entry)
        throw Error(ErrorCode::usage, "the log entry to be written does not read back unchanged");
    if (backend_.put_if_absent(log_entry_name(head.number + 1), bytes) == PutResult::exists) return std::nullopt;
    return LogHead{head.number + 1, sha256(bytes)};
}

std::optional<Bytes> BackendLog::read(LogNumber number) const {
    return backend_.get(log_entry_name(number), {envelope_bytes_max});
}

std::string BackendLog::describe(LogNumber number) const {
    return fmt::format("log entry {} ('{}')", number, backend_.locate(log_entry_name(number)));
}

}  // namespace varve
