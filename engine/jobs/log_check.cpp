#include "engine/jobs/log_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/progress.h"
#include "engine/base/timestamp.h"
#include "engine/jobs/checkpoint_check.h"

namespace varve {
namespace {

/// More numbers than that are a foreign file's, not entries.
constexpr LogNumber remembered_max = 65536;

}  // namespace

void LogCheck::run(const std::stop_token& stop) {
    CheckpointCheck checkpoints(repository_.log, report_);
    LogHead head = repository_.log.genesis();
    LogNumber end = 0;  // the last entry, readable or lost
    while (true) {
        throw_if_stopped(stop);
        const LogStep step = read_step(repository_.log, head, LookAhead::list);
        if (step.record) {
            head = step.record->head;
            end = head.number;
            note(*step.record);
            checkpoints.pass(*step.record);
            continue;
        }
        if (!step.damage) break;
        for (const LostEntries& lost : step.damage->lost) {
            end = lost.last;
            note(lost);
            checkpoints.pass(lost);
        }
        if (!step.damage->resume) break;
        head = *step.damage->resume;
    }
    checkpoints.finish(end);
    // The catalog may have read more than is there: the end of the log is gone.
    const LogNumber read = repository_.catalog.head().number;
    const bool is_noted = !report_.damage.log_entries.empty() && *report_.damage.log_entries.rbegin() >= read;
    if (head.number < read && !is_noted)
        note({head.number + 1, read,
              fmt::format("the log ends at entry {}, although this host has read {}", head.number, read)});
}

void LogCheck::note(const LogRecord& record) {
    ++report_.checked_entries;
    const auto* move = std::get_if<MoveEntry>(&record.entry.body);
    if (move == nullptr) return;
    for (const ChunkAddress& table : move->tables) move_tables_.push_back({record.head.number, table});
}

void LogCheck::note(const LostEntries& lost) {
    Finding finding;
    finding.kind =
        repository_.log.contains(lost.first) ? FindingKind::log_entry_damaged : FindingKind::log_entry_missing;
    finding.object = name_of(lost);
    finding.message = fmt::format("{}; {}{}; nothing is written until it is back", lost.what, consequences(lost),
                                  known_snapshots(lost));
    report_.findings.push_back(std::move(finding));
    for (LogNumber number = lost.first; number <= std::min(lost.last, lost.first + remembered_max); ++number)
        report_.damage.log_entries.insert(number);
}

std::string LogCheck::known_snapshots(const LostEntries& lost) const {
    std::string names;
    for (const ListedSnapshot& listed : repository_.catalog.snapshots()) {
        if (listed.commit < lost.first || listed.commit > lost.last) continue;
        const SnapshotRecord& record = listed.record;
        names += fmt::format("{}'{}' of {} ({})", names.empty() ? " (this host still knows " : ", ", record.disk,
                             format_local(record.time), short_id(record.id));
    }
    return names.empty() ? names : names + ")";
}

}  // namespace varve
