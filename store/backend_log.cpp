#include "store/backend_log.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "store/object/checkpoint_codec.h"
#include "store/object/envelope.h"
#include "store/object/log_entry_codec.h"
#include "store/object/repository_config.h"

namespace varve {
namespace {

constexpr LogNumber log_number_max = 9'999'999'999'999'999;
constexpr std::string_view log_prefix = "log/";
constexpr std::string_view checkpoints_prefix = "checkpoints/";

std::string numbered_name(std::string_view prefix, LogNumber number) {
    VARVE_CHECK(number > 0 && number <= log_number_max);
    return fmt::format("{}{:016}", prefix, number);
}

/// nullopt for a foreign file.
std::optional<LogNumber> number_of_name(std::string_view prefix, std::string_view name) {
    LogNumber number = 0;
    const std::string_view digits = name.substr(prefix.size());
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_number = error == std::errc() && end == digits.data() + digits.size() && number > 0;
    if (!is_number || number > log_number_max || numbered_name(prefix, number) != name) return std::nullopt;
    return number;
}

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

std::string log_entry_name(LogNumber number) { return numbered_name(log_prefix, number); }

std::string checkpoint_name(LogNumber number) { return numbered_name(checkpoints_prefix, number); }

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

std::optional<LogHead> BackendLog::head_before(LogNumber number) const {
    if (number > log_number_max) return std::nullopt;
    const auto bytes = read(number);
    if (!bytes) return std::nullopt;
    const ParsedLogEntry parsed = parse_log_entry(*bytes, describe(number));
    check_place(parsed, info_, number, describe(number));
    return LogHead{number - 1, parsed.previous};
}

bool BackendLog::contains(LogNumber number) const {
    return number <= log_number_max && backend_.size(log_entry_name(number)).has_value();
}

std::vector<LogNumber> BackendLog::numbers(LogNumber after) const {
    std::vector<LogNumber> numbers;
    if (after >= log_number_max) return numbers;
    for (const std::string& name : backend_.list(log_prefix, log_entry_name(std::max<LogNumber>(after, 1))))
        if (const auto number = number_of_name(log_prefix, name)) numbers.push_back(*number);
    if (after == 0 && contains(1)) numbers.insert(numbers.begin(), 1);
    return numbers;
}

std::optional<LogHead> BackendLog::append(const LogHead& head, const LogEntry& entry) {
    check_writable(info_, backend_);
    const Bytes bytes = encode_log_entry(entry, head, info_.id);
    // An unreadable entry would lock everyone out of the repository, so read it back before appending it.
    if (parse_log_entry(bytes, "the log entry to be written").entry != entry)
        throw Error(ErrorCode::usage, "the log entry to be written does not read back unchanged");
    if (backend_.put_if_absent(log_entry_name(head.number + 1), bytes) == PutResult::exists) return std::nullopt;
    return LogHead{head.number + 1, sha256(bytes)};
}

void BackendLog::make_durable(LogNumber number) { backend_.make_durable(log_entry_name(number)); }

std::vector<LogNumber> BackendLog::checkpoints() const {
    std::vector<LogNumber> numbers;
    for (const std::string& name : backend_.list(checkpoints_prefix))
        if (const auto number = number_of_name(checkpoints_prefix, name)) numbers.push_back(*number);
    return numbers;
}

std::optional<LogState> BackendLog::checkpoint(LogNumber number) const {
    const std::string name = checkpoint_name(number);
    const auto bytes = backend_.get(name, {envelope_bytes_max});
    if (!bytes) return std::nullopt;
    const std::string object = fmt::format("checkpoint {} ('{}')", number, backend_.locate(name));
    ParsedCheckpoint parsed = parse_checkpoint(*bytes, object);
    if (parsed.repository != info_.id)
        throw Error(ErrorCode::corrupt, fmt::format("{}: expected a checkpoint of repository {}, found one of {}",
                                                    object, info_.id.hex(), parsed.repository.hex()));
    if (parsed.state.head.number != number)
        throw Error(ErrorCode::corrupt,
                    fmt::format("{}: expected entry number {}, found {}", object, number, parsed.state.head.number));
    return std::move(parsed.state);
}

void BackendLog::put_checkpoint(const LogState& state) {
    check_writable(info_, backend_);
    const std::string name = checkpoint_name(state.head.number);
    backend_.put_if_absent(name, encode_checkpoint(state, info_.id));
}

void BackendLog::remove_checkpoint(LogNumber number) {
    check_writable(info_, backend_);
    backend_.remove(checkpoint_name(number));
}

std::optional<Bytes> BackendLog::read(LogNumber number) const {
    return backend_.get(log_entry_name(number), {envelope_bytes_max});
}

std::string BackendLog::describe(LogNumber number) const {
    return fmt::format("log entry {} ('{}')", number, backend_.locate(log_entry_name(number)));
}

}  // namespace varve
