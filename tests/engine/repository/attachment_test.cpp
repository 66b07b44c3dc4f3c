#include "engine/repository/attachment.h"

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/group_by_hand.h"

using namespace varve;

namespace {

/// A repository with one snapshot that carries `texts`.
struct World {
    explicit World(const test::NamedTexts& texts) : host(backend) {
        fakes::MemoryImage disk(1 << 20);
        disk.write(0, bytes_of("a disk"));
        const SnapshotRecord plain = host.backup(disk, "web01/vda", 1);
        attachments = test::commit_group(host.repository, host.progress, "web01", {plain}, texts)[0].attachments;
    }

    std::string read(const Attachment& attachment) const {
        return std::string(text_of(read_attachment(host.chunks, attachment)));
    }

    MemoryBackend backend;
    test::TestRepository host;
    std::vector<Attachment> attachments;
};

}  // namespace

TEST_CASE("attachment: empty, small and maximal files are returned as they were stored", "[engine][attachment]") {
    const std::string largest(attachment_bytes_max.value, 'x');
    World world(test::NamedTexts{{"domain.xml", "<domain/>"}, {"empty", ""}, {"nvram", largest}});
    REQUIRE(world.read(world.attachments[0]) == "<domain/>");
    REQUIRE(world.read(world.attachments[1]).empty());
    REQUIRE(world.read(world.attachments[2]) == largest);
    test::TestRepository other_host(world.backend);
    const auto listed = other_host.snapshots();
    REQUIRE(listed.size() == 2);
    REQUIRE(text_of(read_attachment(other_host.chunks, listed[1].attachments[0])) == "<domain/>");
}

TEST_CASE("attachment: a record that does not match its slot is reported by name", "[engine][attachment]") {
    World world(test::NamedTexts{{"domain\x1b.xml", "<domain/>"}});
    Attachment wrong = world.attachments[0];
    wrong.bytes = 8;
    REQUIRE_THROWS_WITH(world.read(wrong),
                        ContainsSubstring("'domain\x1b.xml'") && ContainsSubstring("expected 8 bytes"));
    wrong.bytes = attachment_bytes_max.value + 1;
    REQUIRE_THROWS_WITH(world.read(wrong), ContainsSubstring("at most 16777216"));
    wrong = world.attachments[0];
    wrong.address.slot += 7;
    REQUIRE_THROWS_AS(world.read(wrong), Error);
    // A map page is not returned as an attachment.
    wrong = world.attachments[0];
    wrong.address = world.host.snapshots()[0].map;
    REQUIRE_THROWS_WITH(world.read(wrong), ContainsSubstring("kind 3"));
}

TEST_CASE("attachment: a name is a plain file name", "[engine][attachment]") {
    for (const char* name : {"domain.xml", "web01.nvram", "..hidden", "a b", "back\\slash", "\\x1b", "müller.vmx"}) {
        CAPTURE(name);
        CHECK(!attachment_name_fault(name));
    }
    for (const char* name : {"", ".", "..", "/etc/passwd", "a/b", "../x", "a\nb", "\x1b[2J", "\x7f", "bad\xff",
                             "\xc2\x9b", "\xe2\x80\xae"}) {
        CAPTURE(name);
        CHECK(attachment_name_fault(name));
    }
    CHECK(!attachment_name_fault(std::string(255, 'x')));
    CHECK(attachment_name_fault(std::string(256, 'x')));
    CHECK(attachment_name_fault(std::string("a\0b", 3)));
}
