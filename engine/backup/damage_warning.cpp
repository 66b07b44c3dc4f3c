#include "engine/backup/damage_warning.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/base/timestamp.h"
#include "engine/repository/damage_search.h"

namespace varve {
namespace {

constexpr std::size_t names_shown_max = 8;

std::vector<std::string> affected_snapshots(const Repository& repository, Soundness& soundness) {
    DamageSearch search(repository.chunks, [&](const ChunkAddress& address) { return soundness.culprit(address); });
    std::vector<std::string> names;
    for (const ListedSnapshot& listed : repository.catalog.snapshots()) {
        const SnapshotRecord& record = listed.record;
        bool is_affected = false;
        search.run(record, [&](const DamagedPart&) { is_affected = true; });
        if (is_affected)
            names.push_back(
                fmt::format("'{}' of {} ({})", record.disk, format_local(record.time), short_id(record.id)));
    }
    return names;
}

std::string list_text(const std::vector<std::string>& names) {
    std::string out;
    for (std::size_t i = 0; i < names.size() && i < names_shown_max; ++i)
        out += fmt::format("{}{}", i == 0 ? "" : ", ", names[i]);
    if (names.size() > names_shown_max) out += fmt::format(" and {} more", names.size() - names_shown_max);
    return out;
}

}  // namespace

void warn_of_damage(const Repository& repository, Soundness& soundness, std::uint64_t chunks_stored_again,
                    Progress& progress) {
    const std::vector<std::string> names = affected_snapshots(repository, soundness);
    progress.warn(fmt::format(
        "{}; this backup does not depend on it and stored {} chunk{} again, but {} older snapshot{}: {}; 'varve "
        "verify' shows which bytes",
        soundness.describe(), chunks_stored_again, chunks_stored_again == 1 ? "" : "s", names.size(),
        names.size() == 1 ? " does" : "s do", list_text(names)));
}

}  // namespace varve
