#include "cli/restore/file_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/naming/disk_name.h"
#include "engine/repository/attachment.h"
#include "formats/create_image.h"

namespace varve {
namespace {

constexpr const char* one_by_one = "restore them separately with --to FILE";

std::string extension_for(const std::string& format) {
    if (auto extension = extension_of_format(format)) return *std::move(extension);
    throw Error(ErrorCode::unsupported, fmt::format("unknown format '{}'; pass -O qcow2 or raw", format));
}

PlannedName name_of(const SnapshotRecord& snapshot, const std::optional<std::string>& format) {
    if (const auto fault = disk_name_fault(snapshot.disk))
        throw Error(
            ErrorCode::refused,
            fmt::format("the disk name '{}' of snapshot {} {} and cannot be a file name; restore it with --to FILE",
                        snapshot.disk, short_id(snapshot.id), *fault));
    const std::string file = snapshot.disk + '.' + extension_for(format.value_or(snapshot.source.format));
    const std::size_t slash = file.rfind('/');
    if (slash == file.npos) return {"", file};
    return {file.substr(0, slash), file.substr(slash + 1)};
}

/// The innermost folder that contains both: the leading parts that they share.
std::string common_folder(const std::string& a, const std::string& b) {
    const std::string left = a + '/';
    const std::string right = b + '/';
    const auto differ = std::ranges::mismatch(left, right).in1;
    const std::string common(left.begin(), differ);
    const std::size_t slash = common.rfind('/');
    return slash == common.npos ? "" : common.substr(0, slash);
}

/// Adds names one by one and refuses one that collides with an earlier one.
class NameSet {
public:
    /// `what` describes the disk or attachment.
    void add(const PlannedName& file, const std::string& what) {
        const std::string path = file.path();
        const auto taken = files_.find(path);
        if (taken != files_.end() || folders_.contains(path)) refuse(path, what, taken);
        for (std::string folder = file.folder; !folder.empty();) {
            if (const auto in_way = files_.find(folder); in_way != files_.end()) refuse(folder, what, in_way);
            folders_.insert(folder);
            const std::size_t slash = folder.rfind('/');
            folder = slash == folder.npos ? "" : folder.substr(0, slash);
        }
        files_.emplace(path, what);
    }

private:
    using Files = std::map<std::string, std::string>;

    [[noreturn]] void refuse(const std::string& path, const std::string& what, Files::const_iterator other) const {
        throw Error(
            ErrorCode::refused,
            fmt::format("{} and {} both need the name '{}'; {}", what,
                        other == files_.end() ? "the folder of another disk" : other->second, path, one_by_one));
    }

    Files files_;  ///< what each is
    std::set<std::string> folders_;
};

/// The attachments of one commit, gathered from its snapshots.
struct CommitFiles {
    std::string folder;
    std::vector<Attachment> attachments;
};

void check_attachment_name(const Attachment& attachment) {
    if (const auto fault = attachment_name_fault(attachment.name))
        throw Error(
            ErrorCode::refused,
            fmt::format("the attachment name '{}' {} and cannot be a file name; {}, and print the attachment with "
                        "`varve show SNAP --attachment`",
                        attachment.name, *fault, one_by_one));
}

class Planner {
public:
    Planner(const std::optional<std::string>& format, const SameContent& same_content)
        : format_(format), same_content_(same_content) {}

    void add(const ListedSnapshot& snapshot) {
        PlannedDisk disk{snapshot.record, name_of(snapshot.record, format_)};
        names_.add(disk.file, fmt::format("disk '{}'", snapshot.record.disk));
        const auto [commit, is_new] = commits_.try_emplace(snapshot.commit, CommitFiles{disk.file.folder, {}});
        commit->second.folder = common_folder(commit->second.folder, disk.file.folder);
        auto& attachments = commit->second.attachments;
        attachments.insert(attachments.end(), snapshot.record.attachments.begin(), snapshot.record.attachments.end());
        plan_.disks.push_back(std::move(disk));
    }

    RestorePlan finish() {
        for (const auto& [number, commit] : commits_)
            for (const Attachment& attachment : commit.attachments) add(attachment, commit.folder);
        return std::move(plan_);
    }

private:
    void add(const Attachment& attachment, const std::string& folder) {
        check_attachment_name(attachment);
        const PlannedName file{folder, attachment.name};
        const auto [planned, is_new] = attachments_.try_emplace(file, attachment);
        if (!is_new && (planned->second == attachment || same_content_(planned->second, attachment))) return;
        names_.add(file, fmt::format("attachment '{}'", attachment.name));
        plan_.attachments.push_back({attachment, file});
    }

    const std::optional<std::string>& format_;
    const SameContent& same_content_;
    RestorePlan plan_;
    NameSet names_;
    std::map<LogNumber, CommitFiles> commits_;
    std::map<PlannedName, Attachment> attachments_;
};

}  // namespace

RestorePlan plan_restore(std::span<const ListedSnapshot> snapshots, const std::optional<std::string>& format,
                         const SameContent& same_content) {
    Planner planner(format, same_content);
    for (const ListedSnapshot& snapshot : snapshots) planner.add(snapshot);
    return planner.finish();
}

}  // namespace varve
