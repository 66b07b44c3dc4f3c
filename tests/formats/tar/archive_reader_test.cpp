#include "formats/tar/archive_reader.h"

#include <fcntl.h>

#include <map>
#include <random>
#include <sstream>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/guard/file_source.h"
#include "tests/catch.h"
#include "tests/formats/tar/builder.h"
#include "tests/support/build_paths.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;
using tarball::end_blocks;
using tarball::HeaderBlock;
using tarball::member;
using tarball::padded;
using tarball::record;

ByteSourcePtr file_of(const ScratchFolder& folder, std::string_view bytes) {
    write_file(folder.file("a.tar"), bytes_of(bytes));
    return open_file_source(folder.file("a.tar"));
}

std::vector<std::string> member_names(const tar::Archive& archive) {
    std::vector<std::string> names;
    for (const tar::Member& one : archive.members) names.push_back(one.name);
    return names;
}

std::string content_of(const ByteSource& source, const tar::Member& one) {
    std::string text(static_cast<std::size_t>(one.content.length.value), '\0');
    source.read_at(one.content.begin, std::as_writable_bytes(std::span(text)));
    return text;
}

/// The code and text of the Error that reading throws.
std::pair<std::optional<ErrorCode>, std::string> archive_refusal(const ByteSourcePtr& source) {
    try {
        tar::read_archive(*source);
        return {};
    } catch (const Error& error) {
        return {error.code(), error.what()};
    }
}

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream in(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

using Names = std::vector<std::string>;

/// Three members, one with a pax header, one with a GNU long name.
std::string sample() {
    return member("a.ovf", "<Envelope/>") + member("x", record("path", "by pax.vmdk"), 'x') +
           member("b", std::string(700, 'b')) + HeaderBlock("././@LongLink", 201, 'L').gnu().sealed() +
           padded(std::string(200, 'n') + '\0') + HeaderBlock(std::string(100, 'n'), 3).gnu().sealed() + padded("ccc") +
           end_blocks;
}

}  // namespace

TEST_CASE("tar: archives of the real tar, in each of its formats, are listed as tar lists them", "[formats][ova]") {
    const ScratchFolder folder;
    const std::string in = folder.file("in");
    const std::string deep = "d/" + std::string(60, 'e') + "/" + std::string(60, 'f');
    std::filesystem::create_directories(in + "/" + deep);
    std::map<std::string, std::string> contents{
        {"plain.ovf", "<Envelope/>"}, {"empty", ""}, {"block", std::string(512, 'x')}, {deep + "/g", "beyond 100"}};
    contents["caf\xc3\xa9 a.vmdk"] = std::string(5000, 'y');
    const auto tar_with = [&](const std::string& format, std::map<std::string, std::string> files) {
        std::vector<std::string> command{"tar", "-C", in, "--format=" + format, "-cf", folder.file(format + ".tar")};
        for (const auto& [name, text] : files) {
            write_file(in + "/" + name, bytes_of(text));
            command.push_back(name);
        }
        REQUIRE(writer_test::run_tool(command).status == 0);
        const ByteSourcePtr file = open_file_source(folder.file(format + ".tar"));
        CHECK(tar::is_tar(*file));
        const tar::Archive archive = tar::read_archive(*file);
        CHECK(archive.warnings.empty());
        CHECK(archive.others.empty());
        const auto listed = writer_test::run_tool({"tar", "--quoting-style=literal", "-tf", file->name()});
        CHECK(member_names(archive) == lines_of(listed.output));
        REQUIRE(archive.members.size() == files.size());
        for (const tar::Member& one : archive.members) CHECK(content_of(*file, one) == files.at(one.name));
    };
    tar_with("ustar", contents);
    const std::string too_deep = deep + "/" + std::string(250, 'h');
    contents[too_deep] = "beyond 255";
    for (const std::string format : {"gnu", "oldgnu", "pax", "posix"}) tar_with(format, contents);
    tar_with("v7", {{"plain.ovf", "<Envelope/>"}, {"empty", ""}});
}

TEST_CASE("tar: folders are skipped, and links and devices are never followed", "[formats][ova]") {
    const ScratchFolder folder;
    const std::string in = folder.file("in");
    std::filesystem::create_directories(in + "/sub");
    write_file(in + "/sub/a", bytes_of("a"));
    std::filesystem::create_symlink("/etc/passwd", in + "/s");
    std::filesystem::create_hard_link(in + "/sub/a", in + "/t");
    REQUIRE(writer_test::run_tool({"mkfifo", in + "/u"}).status == 0);
    REQUIRE(writer_test::run_tool({"tar", "-C", in, "--sort=name", "-cf", folder.file("a.tar"), "."}).status == 0);
    const tar::Archive archive = tar::read_archive(*open_file_source(folder.file("a.tar")));
    CHECK(member_names(archive) == Names{"sub/a"});
    REQUIRE(archive.others.size() == 3);
    CHECK(archive.find("sub/a", "a.tar") == archive.members.data());
    CHECK(archive.find("sub", "a.tar") == nullptr);
    for (const auto& [name, what] : std::vector<std::pair<std::string, std::string>>{
             {"s", "a symbolic link"}, {"t", "a hard link"}, {"u", "a pipe"}}) {
        CAPTURE(name);
        CHECK_THROWS_WITH(archive.find(name, "a.tar"), ContainsSubstring("'a.tar' contains '" + name + "' as " + what));
    }
}

TEST_CASE("tar: links and folders have no contents, whatever their size field states", "[formats][ova]") {
    const ScratchFolder folder;
    std::string bytes;
    for (const char type : {'1', '2', '3', '4', '5', '6'})
        bytes += HeaderBlock(std::string("not ") + type, 513, type).sealed();
    const tar::Archive archive = tar::read_archive(*file_of(folder, bytes + member("a", "text") + end_blocks));
    CHECK(member_names(archive) == Names{"a"});
    CHECK(archive.others.size() == 5);
    CHECK_THROWS_WITH(archive.find("not 4", "x"),
                      ContainsSubstring("'not 4' as a device, which varve does not follow"));
}

TEST_CASE("tar: members of 8 GiB and more have GNU's binary size or a pax size", "[formats][ova]") {
    const ScratchFolder folder;
    constexpr std::uint64_t size = (std::uint64_t{9} << 30) + 5;
    const std::string pax = record("mtime", "1.5") + record("size", std::to_string(size)) + record("comment", "\n = ");
    for (const std::string& head :
         {HeaderBlock("big.vmdk", 0).gnu().binary_size(size).sealed(),
          member("x", pax, 'x') + HeaderBlock("big.vmdk", 0).sealed(),
          member("x", record("size", "77"), 'g') + member("x", pax, 'x') + HeaderBlock("big.vmdk", 1).sealed()}) {
        const std::string path = folder.file("big.tar");
        write_file(path, bytes_of(head));
        const std::uint64_t next = head.size() + size + 507;
        const File file = File::open(path, O_RDWR);
        file.write_all(ByteOffset{next}, bytes_of(member("x", record("size", "5"), 'x') + member("after", "hello")));
        file.truncate(ByteCount{next + 2048 + 512 + 1024});
        const tar::Archive archive = tar::read_archive(*open_file_source(path));
        REQUIRE(member_names(archive) == Names{"big.vmdk", "after"});
        CHECK(archive.members[0].content == ByteRange{ByteOffset{head.size()}, ByteCount{size}});
        CHECK(archive.members[1].content.begin.value == next + 1024 + 512);
        CHECK(content_of(*open_file_source(path), archive.members[1]) == "hello");
        CHECK(archive.warnings.empty());
        const auto listed = writer_test::run_tool({"tar", "-tf", path});
        CHECK(listed.output == "big.vmdk\nafter\n");
    }
}

TEST_CASE("tar: names come from pax, else from GNU, else from the header with its prefix", "[formats][ova]") {
    const ScratchFolder folder;
    const std::string long_name = HeaderBlock("././@LongLink", 9, 'L').gnu().sealed() + padded("from GNU\0"s);
    const std::string long_link = HeaderBlock("././@LongLink", 5, 'K').gnu().sealed() + padded("/etc\0"s);
    const auto name_of = [&](const std::string& bytes) {
        const ByteSourcePtr file = file_of(folder, bytes + end_blocks);
        return member_names(tar::read_archive(*file)).back();
    };
    CHECK(name_of(HeaderBlock("b", 0).prefix("a").sealed()) == "a/b");
    CHECK(name_of(HeaderBlock("b", 0).gnu().prefix("a").sealed()) == "b");
    CHECK(name_of(HeaderBlock(std::string(100, 'b'), 0).prefix(std::string(155, 'a')).sealed()) ==
          std::string(155, 'a') + "/" + std::string(100, 'b'));
    CHECK(name_of(long_name + long_link + HeaderBlock("b", 0).sealed()) == "from GNU");
    CHECK(name_of(long_name + member("x", record("path", "from pax"), 'x') + member("b", "")) == "from pax");
    CHECK(name_of(member("x", record("path", "for all"), 'g') + member("b", "")) == "for all");
    CHECK(name_of(member("x", record("path", "for all"), 'g') + member("x", record("path", ""), 'x') +
                  member("b", "")) == "b");
    CHECK(name_of(member("x", record("path", "one"), 'x') + member("b", "") + member("c", "")) == "c");
    CHECK(name_of(member("x", record("size", "9999"), 'g') + member("x", record("size", ""), 'x') + member("b", "")) ==
          "b");
    CHECK(name_of(member("x", record("linkpath", "/etc") + record("hdrcharset", "BINARY"), 'x') + member("b", "")) ==
          "b");
    CHECK(name_of(member(".//./b", "")) == "b");
    CHECK(name_of(HeaderBlock("b", 0, '\0').sealed()) == "b");
    CHECK(name_of(HeaderBlock("b", 0, '7').sealed()) == "b");
    CHECK(name_of(member("b", "") + member("folder of version 7/", "")) == "b");
    CHECK(name_of(HeaderBlock("b", 0).version_7().sealed()) == "b");
    CHECK(name_of(HeaderBlock("caf\xe9", 0).sealed(true)) == "caf\xe9");
    CHECK(name_of(HeaderBlock("caf\xe9", 0).sealed(false)) == "caf\xe9");
}

TEST_CASE("tar: an archive ends with zero blocks, or with a warning after a member", "[formats][ova]") {
    const ScratchFolder folder;
    const auto warnings_of = [&](const std::string& bytes) {
        const tar::Archive archive = tar::read_archive(*file_of(folder, bytes));
        CHECK(member_names(archive) == Names{"a"});
        return archive.warnings;
    };
    const std::string one = member("a", "text");
    CHECK(warnings_of(one + end_blocks).empty());
    CHECK(warnings_of(one + end_blocks + std::string(9 * 1024, '\0')).empty());
    CHECK(warnings_of(one + std::string(512, '\0')).empty());
    CHECK(warnings_of(one).at(0).find("without the two zero blocks") != std::string::npos);
    CHECK(warnings_of(one.substr(0, 512 + 4)).at(0).find("without the two zero blocks") != std::string::npos);
    CHECK(warnings_of(one + std::string(512, '\0') + member("b", "")).at(0).find("not read") != std::string::npos);
}

TEST_CASE("tar: a first block with the magic or a right checksum makes an archive", "[formats][ova]") {
    const ScratchFolder folder;
    const auto is_tar = [&](const std::string& bytes) { return tar::is_tar(*file_of(folder, bytes)); };
    std::string changed = member("a", "");
    CHECK(is_tar(changed));
    CHECK(is_tar(HeaderBlock("a", 0).gnu().sealed()));
    CHECK(is_tar(HeaderBlock("a", 0).version_7().sealed()));
    CHECK_FALSE(is_tar(changed.substr(0, 511)));
    CHECK_FALSE(is_tar(""));
    CHECK_FALSE(is_tar(end_blocks));
    changed[3] = 'b';
    CHECK(is_tar(changed));  // so that its wrong checksum is named
    std::string version_7 = HeaderBlock("a", 0).version_7().sealed();
    version_7[3] = 'b';
    CHECK_FALSE(is_tar(version_7));
}

TEST_CASE("tar: invalid archives and names that lead outside are refused with offset and reason",
          "[formats][ova][bad-input]") {
    const ScratchFolder folder;
    struct Case {
        std::string bytes;
        ErrorCode code;
        std::string message;
    };
    const auto pax = [](const std::string& records) { return member("x", records, 'x') + member("b", ""); };
    const std::string good = member("a", "text");
    std::string bad_sum = good + member("b", "");
    bad_sum[1024] = 'c';
    const std::vector<Case> cases{
        {member("/etc/passwd", ""), ErrorCode::refused, "'/etc/passwd' is a member with an absolute name"},
        {good + member("../x", ""), ErrorCode::refused, "offset 1024: '../x' is a member whose name leads outside"},
        {member("a/..", ""), ErrorCode::refused, "leads outside"},
        {member("./../x", ""), ErrorCode::refused, "leads outside"},
        {member("a\nb", ""), ErrorCode::refused, "'a\nb' is a member with control characters"},
        {member("a\x7f", ""), ErrorCode::refused, "control characters"},
        {member("", ""), ErrorCode::refused, "without a name"},
        {member("../l", "", '2'), ErrorCode::refused, "leads outside"},
        {pax(record("path", "/abs")), ErrorCode::refused, "absolute"},
        {pax(record("path", "a\0b"s)), ErrorCode::refused, "control characters"},
        {pax(record("path", std::string(70000, 'n'))), ErrorCode::refused, "names of at most 65536 bytes"},
        {member("L", "a\0b\0"s, 'L') + member("b", ""), ErrorCode::refused, "control characters"},
        {good + member("b", "") + member("a", ""), ErrorCode::refused, "'a' is in the archive twice"},
        {good + member("./a", "", '2'), ErrorCode::refused, "'a' is in the archive twice"},
        {HeaderBlock("s", 0, 'S').gnu().sealed(), ErrorCode::refused, "'s' is a sparse file of GNU tar"},
        {pax(record("GNU.sparse.major", "1")), ErrorCode::refused, "a sparse file of GNU tar"},
        {HeaderBlock("m", 0, 'M').gnu().sealed(), ErrorCode::refused, "another tape"},
        {bad_sum, ErrorCode::corrupt, "tar header at offset 1024: expected a header with the checksum "},
        {good + std::string(512, 'z'), ErrorCode::corrupt, "found 'zzzzzzzz'"},
        {good + "tail", ErrorCode::corrupt, "offset 1024: expected a block of 512 bytes, found 4"},
        {HeaderBlock("a", 0).field(124, 12, "0000000009").sealed(), ErrorCode::corrupt, "found '0000000009\\x00"},
        {HeaderBlock("a", 0).field(124, 12, "-1").sealed(), ErrorCode::corrupt, "expected a size of 0 to 2^63 - 1"},
        {HeaderBlock("a", 0).binary_size(~std::uint64_t{0}, '\xff').sealed(), ErrorCode::corrupt, "expected a size"},
        {HeaderBlock("a", 0).binary_size(std::uint64_t{1} << 63).sealed(), ErrorCode::corrupt, "expected a size"},
        {HeaderBlock("a", 0).binary_size(0, '\x81').sealed(), ErrorCode::corrupt, "expected a size"},
        {HeaderBlock("a", 0).binary_size((std::uint64_t{1} << 63) - 1).sealed(), ErrorCode::corrupt,
         "expected a member of at most 0 bytes, the rest of the archive, found one of 9223372036854775807"},
        {HeaderBlock("a", 513).sealed() + padded("x"), ErrorCode::corrupt, "at most 512 bytes"},
        {pax(record("size", "9223372036854775808")), ErrorCode::corrupt, "found one of 9223372036854775808"},
        {pax(record("size", "18446744073709551616")), ErrorCode::corrupt, "expected the pax record 'size'"},
        {pax(record("size", "-1")), ErrorCode::corrupt, "found '-1'"},
        {pax(record("size", "1x")), ErrorCode::corrupt, "found '1x'"},
        {pax("9 path=ab\n"), ErrorCode::corrupt, "expected pax records 'LENGTH KEY=VALUE', found '9 path=ab\n'"},
        {pax("12 path=ab\n"), ErrorCode::corrupt, "expected pax records"},
        {pax("5 ab\n"), ErrorCode::corrupt, "expected pax records"},
        {pax("0 \n"), ErrorCode::corrupt, "expected pax records"},
        {pax("3 \n3 \n"), ErrorCode::corrupt, "expected pax records"},
        {pax("-10 path=a\n"), ErrorCode::corrupt, "expected pax records"},
        {pax("18446744073709551627 path=a\n"), ErrorCode::corrupt, "expected pax records"},
        {pax("path=ab\n"), ErrorCode::corrupt, "expected pax records"},
        {member("x", std::string((1 << 20) + 1, 'x'), 'x'), ErrorCode::corrupt, "of at most 1048576 bytes"},
        {member("x", std::string((1 << 20) + 1, 'x'), 'g'), ErrorCode::corrupt, "of at most 1048576 bytes"},
        {member("L", std::string(65537, 'x'), 'L'), ErrorCode::corrupt, "of at most 65536 bytes, found 65537"},
        {member("K", std::string(65537, 'x'), 'K'), ErrorCode::corrupt, "of at most 65536 bytes"},
        {member("x", record("path", "a"), 'x'), ErrorCode::corrupt, "expected a member after it"},
        {member("x", record("path", "a"), 'x') + end_blocks, ErrorCode::corrupt, "expected a member after it"},
        {end_blocks, ErrorCode::corrupt, "expected a member, found the end"},
        {"", ErrorCode::corrupt, "expected a member, found the end"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.message);
        const auto [code, text] = archive_refusal(file_of(folder, one.bytes));
        CHECK(code == one.code);
        CHECK_THAT(text, ContainsSubstring(one.message));
        CHECK_THAT(text, ContainsSubstring("a.tar', tar header at offset "));
    }
    std::string preludes;
    for (int i = 0; i < 17; ++i) preludes += member("x", record("path", "a"), 'x');
    CHECK_THAT(archive_refusal(file_of(folder, preludes + good)).second,
               ContainsSubstring("at most 16 headers before"));
}

TEST_CASE("tar: an archive with more members or longer names than any package is refused",
          "[formats][ova][bad-input]") {
    const ScratchFolder folder;
    std::string many;
    for (int i = 0; i < 65536; ++i) many += member(std::to_string(i), "");
    CHECK(tar::read_members(*file_of(folder, many + end_blocks)).size() == 65536);
    many += member("one more", "");
    CHECK_THAT(archive_refusal(file_of(folder, many + end_blocks)).second, ContainsSubstring("at most 65536 members"));
    std::string lengthy;
    for (int i = 0; i < 300; ++i) {
        const std::string name = std::string(60000, 'n') + std::to_string(i);
        lengthy += member("x", record("path", name), 'x') + member("n", "");
    }
    CHECK_THAT(archive_refusal(file_of(folder, lengthy + end_blocks)).second, ContainsSubstring("16777216 together"));
}

TEST_CASE("tar: every truncation and bit flip of an archive is listed or refused", "[formats][ova][bad-input]") {
    const ScratchFolder folder;
    const std::string whole = sample();
    const File file = File::open(folder.file("a.tar"), O_RDWR | O_CREAT);
    const auto check = [&](const std::string& bytes) {
        file.truncate({0});
        file.write_all(ByteOffset{}, bytes_of(bytes));
        try {
            const tar::Archive archive = tar::read_archive(*open_file_source(folder.file("a.tar")));
            for (const tar::Member& one : archive.members) {
                CHECK(one.content.end().value <= bytes.size());
                CHECK_FALSE(one.name.empty());
            }
            return true;
        } catch (const Error& error) {
            CHECK_THAT(error.what(), ContainsSubstring("a.tar', tar header at offset "));
            return false;
        }
    };
    REQUIRE(check(whole));
    REQUIRE(member_names(tar::read_archive(*open_file_source(folder.file("a.tar")))) ==
            Names{"a.ovf", "by pax.vmdk", std::string(200, 'n')});
    std::size_t read = 0;
    for (std::size_t length = 0; length < whole.size(); ++length) read += check(whole.substr(0, length)) ? 1u : 0u;
    CHECK(read < 2300);  // cut in the padding of a member, or in the end blocks
    constexpr unsigned seed = 16;
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 5000; ++i) {
        std::string changed = whole;
        for (auto flips = random() % 3 + 1; flips-- > 0;)
            changed[random() % changed.size()] ^= static_cast<char>(1 << random() % 8);
        check(changed);
    }
}

TEST_CASE("tar: the test builder shares no header with the reader", "[formats][ova]") {
    const Bytes source = writer_test::read_file(test::source_path("tests/formats/tar/builder.h"));
    const std::string_view text = text_of(source);
    const std::size_t first = text.find("#include \"");
    CHECK(text.substr(first).starts_with("#include \"engine/base/bytes.h\""));
    CHECK(text.find("#include \"", first + 1) == std::string_view::npos);
}

}  // namespace varve::reader_test
