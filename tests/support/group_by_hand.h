#pragma once
/// Enters existing snapshots of a repository again as one group with attachments, with any names and sizes, including
/// those that a backup would never write.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "engine/backup/commit.h"
#include "engine/base/digest.h"
#include "tests/support/test_repository.h"

namespace varve::test {

/// Attachments as name and content.
using NamedTexts = std::vector<std::pair<std::string, std::string>>;

inline std::vector<Attachment> put_attachments(PackSession& session, const NamedTexts& texts) {
    std::vector<Attachment> attachments;
    for (const auto& [name, text] : texts)
        attachments.push_back({name, session.put_metadata(SlotKind::attachment, bytes_of(text)), text.size()});
    return attachments;
}

/// Commits copies of `members` under new ids, after `change` has modified their records.
inline std::vector<SnapshotRecord> commit_group(Repository& repository, Progress& progress, const std::string& group,
                                                std::vector<SnapshotRecord> members, const NamedTexts& texts,
                                                const std::function<void(std::vector<SnapshotRecord>&)>& change = {}) {
    const auto session = repository.chunks.begin_session();
    const std::vector<Attachment> attachments = put_attachments(*session, texts);
    CommitEntry entry;
    for (SnapshotRecord& member : members) {
        member.id = SnapshotId::make();
        member.parent = {};
        member.group = group;
        member.attachments = attachments;
    }
    if (change) change(members);
    entry.snapshots = members;
    commit(repository, entry, session->finish(), {repository.catalog.last_move(), {}}, progress);
    return members;
}

}  // namespace varve::test
