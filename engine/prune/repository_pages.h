#pragma once
/// Lost map pages from another repository that has the same content at the same place of a disk, in whichever snapshot.

#include "engine/prune/page_source.h"

namespace varve {

class RepositoryPages final : public PageSource {
public:
    /// Borrows `from`, which has caught up with its log.
    explicit RepositoryPages(const Repository& from) : from_(from) {}

    void assemble(const std::vector<LostPage>& lost, PageAssembly& assembly,
                  const std::stop_token& stop) const override;

private:
    const Repository& from_;
};

}  // namespace varve
