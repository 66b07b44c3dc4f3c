#include "engine/prune/heal.h"

#include <fmt/format.h>

#include "engine/base/error.h"

namespace varve {
namespace {

std::string number_of(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

}  // namespace

std::string healed_text(const PruneReport& report) {
    std::string healed;
    if (report.healed_chunks != 0) healed = number_of(report.healed_chunks, "chunk");
    if (report.healed_pages != 0) healed += (healed.empty() ? "" : ", ") + number_of(report.healed_pages, "map page");
    return fmt::format("wrote {} anew; {}", number_of(report.plan.packs.size(), "damaged pack"),
                       healed.empty() ? "nothing in it was lost" : "healed in all snapshots: " + healed);
}

PruneReport heal(Repository& repository, const HealSources& sources, Progress& progress, const std::stop_token& stop) {
    PruneRequest request;
    request.scope = PruneScope::damaged_packs;
    request.sources = sources;
    return prune(repository, request, progress, stop);
}

void heal_after_backup(Repository& repository, Progress& progress, const std::stop_token& stop) try {
    const PruneReport report = heal(repository, {}, progress, stop);
    if (!report.entry) return;
    progress.warn(healed_text(report));
} catch (const Error& error) {
    if (error.code() == ErrorCode::cancelled) return;
    progress.warn(
        fmt::format("the backup is complete, but the damage in older snapshots could not be healed yet, 'varve "
                    "repair' tries again: {}",
                    error.what()));
}

}  // namespace varve
