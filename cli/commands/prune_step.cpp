#include "cli/commands/prune_step.h"

#include "cli/repository/open_repository.h"

namespace varve {
namespace {

PruneReport run(const Invocation& call, Repository& repository, const PruneRequest& request, PruneMode mode,
                Progress& progress) {
    return mode == PruneMode::preview ? preview_prune(repository, request, progress, call.stop)
                                      : prune(repository, request, progress, call.stop);
}

}  // namespace

PruneReport prune_repository(const Invocation& call, PruneRequest request, PruneMode mode, Progress& progress) {
    RepositoryAccess access(call.arguments, progress);
    request.is_writer_alive = [&] {
        return mode == PruneMode::preview ? access.is_other_writer_alive()
                                          : access.is_other_writer_alive_after_cleanup();
    };
    if (mode == PruneMode::done) access.announce("prune");
    PruneReport report;
    access.run([&](Repository& repository) { report = run(call, repository, request, mode, progress); });
    if (!report.damaged.empty()) access.remember(report.damaged);
    return report;
}

PruneReport repair_repository(const Invocation& call, const SourcesFor& sources_for, PruneMode mode,
                              Progress& progress) {
    RepositoryAccess access(call.arguments, progress);
    if (mode == PruneMode::done) access.announce("repair");
    PruneReport report;
    access.run([&](Repository& repository) {
        const RepairSources sources = sources_for(repository);
        PruneRequest request;
        request.scope = PruneScope::damaged_packs;
        for (const auto& chunks : sources.chunks) request.sources.chunks.push_back(chunks.get());
        for (const auto& pages : sources.pages) request.sources.pages.push_back(pages.get());
        report = run(call, repository, request, mode, progress);
    });
    if (!report.damaged.empty()) access.remember(report.damaged);
    return report;
}

}  // namespace varve
