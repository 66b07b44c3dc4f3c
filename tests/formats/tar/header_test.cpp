// Headers of tar members, as GNU tar reads them.

#include "formats/tar/header.h"

#include <fcntl.h>
#include <sstream>

#include "engine/base/file.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

namespace varve::tar_header_test {

using namespace writer_test;

namespace {

/// How `tar tvf` lists an archive of this member (its bytes are a hole), with one blank between words.
std::string listed(const tar::Header& member) {
    const ScratchFolder folder;
    const File file = File::open(folder.file("a.tar"), O_RDWR | O_CREAT);
    file.write_all({}, tar::encode_header(member));
    file.truncate(tar::header_length + tar::padded(member.size) + tar::end_of_archive);
    const ToolResult result =
        run_tool({"tar", "--utc", "--full-time", "--numeric-owner", "-tvf", folder.file("a.tar")});
    CAPTURE(result.output);
    REQUIRE(result.status == 0);
    std::istringstream in(result.output);
    std::string line;
    for (std::string word; in >> word;) line += (line.empty() ? "" : " ") + word;
    return line;
}

}  // namespace

TEST_CASE("tar header: GNU tar lists a member of any length, below and above 8 GiB", "[ova][tar]") {
    for (const std::uint64_t length :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{512}, (std::uint64_t{1} << 33) - 1, std::uint64_t{1} << 33,
          (std::uint64_t{1} << 33) + 1, (std::uint64_t{5} << 40) + 12345}) {
        CAPTURE(length);
        CHECK(listed({"web01-disk1.vmdk", {length}, 315532800}) ==
              "-rw-r--r-- 0/0 " + std::to_string(length) + " 1980-01-01 00:00:00 web01-disk1.vmdk");
    }
}

TEST_CASE("tar header: a name may be 100 bytes long", "[ova][tar]") {
    const std::string name(100, 'n');
    REQUIRE(tar::can_name(name));
    CHECK(listed({name, {7}, 1}).ends_with(" 1970-01-01 00:00:01 " + name));
}

TEST_CASE("tar header: names that are not plain file names are rejected", "[ova][tar]") {
    const std::string too_long(101, 'n');
    for (const std::string& name : {std::string(), std::string("a/b"), std::string("/a"), std::string("."),
                                    std::string(".."), std::string("a\0b", 3), too_long})
        CHECK_FALSE(tar::can_name(name));
    CHECK(tar::can_name("web01.ovf"));
    CHECK(tar::can_name("..a"));
}

TEST_CASE("tar header: members are padded to whole blocks", "[ova][tar]") {
    CHECK(tar::padded({0}) == ByteCount{0});
    CHECK(tar::padded({1}) == ByteCount{512});
    CHECK(tar::padded({512}) == ByteCount{512});
    CHECK(tar::padded({513}) == ByteCount{1024});
}

}  // namespace varve::tar_header_test
