#include "cli/restore/file_plan.h"

#include "engine/base/error.h"
#include "tests/catch.h"

using namespace varve;

namespace {

ListedSnapshot snapshot(const std::string& disk, const std::string& format, LogNumber commit,
                        std::vector<Attachment> attachments = {}) {
    ListedSnapshot listed;
    listed.record.disk = disk;
    listed.record.source.format = format;
    listed.record.attachments = std::move(attachments);
    listed.commit = commit;
    return listed;
}

/// An attachment whose content is known by its slot.
Attachment attachment(const std::string& name, std::uint32_t slot, std::uint64_t bytes = 1) {
    return {name, {{}, slot}, bytes};
}

bool same_bytes(const Attachment& a, const Attachment& b) { return a.bytes == b.bytes; }

std::vector<std::string> paths(const std::vector<ListedSnapshot>& snapshots,
                               const std::optional<std::string>& format = std::nullopt) {
    const RestorePlan plan = plan_restore(snapshots, format, same_bytes);
    std::vector<std::string> out;
    for (const PlannedDisk& disk : plan.disks) out.push_back(disk.file.path());
    for (const PlannedAttachment& planned : plan.attachments) out.push_back(planned.file.path());
    return out;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("restore plan: a disk has its own name and the extension of its format", "[cli][restore]") {
    CHECK(paths({snapshot("web01/vda", "qcow2", 1), snapshot("b.raw", "raw", 2)}) ==
          Paths{"web01/vda.qcow2", "b.raw.raw"});
    CHECK(paths({snapshot("web01/vda", "qcow2", 1), snapshot("b", "vpc", 2)}, "raw") ==
          Paths{"web01/vda.raw", "b.raw"});
    CHECK(paths({snapshot("b", "vpc", 2)}) == Paths{"b.vhd"});
    CHECK_THROWS_WITH(paths({snapshot("b", "../x", 2)}), ContainsSubstring("unknown format '../x'"));
    CHECK_THROWS_WITH(paths({snapshot("b", "raw", 2)}, "nothing"), ContainsSubstring("unknown format 'nothing'"));
}

TEST_CASE("restore plan: attachments go to the innermost folder that contains the disks of their commit",
          "[cli][restore]") {
    const auto xml = attachment("x.xml", 1);
    CHECK(paths({snapshot("a/b/c", "raw", 1, {xml})}) == Paths{"a/b/c.raw", "a/b/x.xml"});
    CHECK(paths({snapshot("a/b/c", "raw", 1, {xml}), snapshot("a/b/d", "raw", 1, {xml})}) ==
          Paths{"a/b/c.raw", "a/b/d.raw", "a/b/x.xml"});
    CHECK(paths({snapshot("a/b/c", "raw", 1, {xml}), snapshot("a/bb/d", "raw", 1, {xml})}) ==
          Paths{"a/b/c.raw", "a/bb/d.raw", "a/x.xml"});
    CHECK(paths({snapshot("a/c", "raw", 1, {xml}), snapshot("d", "raw", 1, {xml})}) ==
          Paths{"a/c.raw", "d.raw", "x.xml"});
    CHECK(paths({snapshot("a/c", "raw", 1, {xml}), snapshot("ab/c", "raw", 1, {xml})}) ==
          Paths{"a/c.raw", "ab/c.raw", "x.xml"});
    // Another commit has other attachments.
    CHECK(paths({snapshot("a/c", "raw", 1, {xml}), snapshot("b/c", "raw", 2, {attachment("x.xml", 2, 9)})}) ==
          Paths{"a/c.raw", "b/c.raw", "a/x.xml", "b/x.xml"});
}

TEST_CASE("restore plan: equal attachments are written once, others of one name are refused", "[cli][restore]") {
    CHECK(paths({snapshot("a", "raw", 1, {attachment("x", 1)}), snapshot("b", "raw", 2, {attachment("x", 2)})}) ==
          Paths{"a.raw", "b.raw", "x"});
    CHECK_THROWS_WITH(
        paths({snapshot("a", "raw", 1, {attachment("x", 1)}), snapshot("b", "raw", 2, {attachment("x", 2, 9)})}),
        ContainsSubstring("attachment 'x' and attachment 'x' both need the name 'x'"));
}
