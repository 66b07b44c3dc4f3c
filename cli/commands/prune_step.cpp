#include "cli/commands/prune_step.h"

#include "cli/repository/open_repository.h"

namespace varve {

PruneReport prune_repository(const Invocation& call, PruneRequest request, PruneMode mode, Progress& progress) {
    RepositoryAccess access(call.arguments, progress);
    request.is_writer_alive = [&] {
        return mode == PruneMode::preview ? access.is_other_writer_alive()
                                          : access.is_other_writer_alive_after_cleanup();
    };
    if (mode == PruneMode::done) access.announce("prune");
    PruneReport report;
    access.run([&](Repository& repository) {
        report = mode == PruneMode::preview ? preview_prune(repository, request, progress, call.stop)
                                            : prune(repository, request, progress, call.stop);
    });
    if (!report.damaged.empty()) access.remember(report.damaged);
    return report;
}

}  // namespace varve
