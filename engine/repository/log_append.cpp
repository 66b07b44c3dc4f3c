#include "engine/repository/log_append.h"

#include <unistd.h>
#include <chrono>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/base/random.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/log_damage.h"

namespace varve {
namespace {

LogEntry make_entry(decltype(LogEntry::body) body) {
    LogEntry entry;
    random_bytes(entry.nonce);
    entry.written =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    char host[256] = "";
    if (::gethostname(host, sizeof host - 1) == 0) entry.host = host;
    entry.program = program_name;
    entry.body = std::move(body);
    return entry;
}

/// Appends after `head`. nullopt: another writer has the number. After a refusal or a failure, the entry at that number
/// may still be our own, written by a request whose reply was lost or late: its nonce decides.
std::optional<LogHead> append_once(CommitLog& log, const LogHead& head, const LogEntry& entry) {
    std::exception_ptr failure;
    try {
        if (const auto appended = log.append(head, entry)) return appended;
    } catch (const Error& error) {
        if (error.code() != ErrorCode::io) throw;
        failure = std::current_exception();
    }
    const std::optional<LogRecord> there = log.next(head);
    if (!there) {
        if (failure) std::rethrow_exception(failure);
        throw Error(ErrorCode::io,
                    fmt::format("log entry {} could neither be written nor read; try again", head.number + 1));
    }
    if (there->entry.nonce != entry.nonce) return std::nullopt;
    // Our own. Visible is not yet durable: a put that finds it makes it durable.
    if (failure) log.append(head, entry);
    return there->head;
}

/// From here on, nothing fails: the entry is in the log, and any later command reads it there.
void apply_appended(Catalog& catalog, const LogHead& before, const LogRecord& record, const NewEntry& added,
                    Progress& progress) {
    try {
        catalog.apply(before, record, added.packs, added.tables);
    } catch (const std::exception& error) {
        progress.warn(fmt::format(
            "log entry {} was written, but this host's catalog could not take it: {}; the next command reads it from "
            "the log",
            record.head.number, error.what()));
    }
}

}  // namespace

void append_to_log(Repository& repository, NewEntry added, const std::function<void(const LogEntry&)>& check,
                   Progress& progress) {
    const LogEntry entry = make_entry(std::move(added.body));
    bool is_log_checked = false;
    while (true) {
        const LogHead head = catch_up(repository, progress);
        if (!std::exchange(is_log_checked, true)) check_log_is_whole(repository);
        check(entry);
        const std::optional<LogHead> entered = append_once(repository.log, head, entry);
        if (!entered) continue;
        return apply_appended(repository.catalog, head, LogRecord{*entered, entry}, added, progress);
    }
}

}  // namespace varve
