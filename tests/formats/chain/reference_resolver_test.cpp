// Names inside images: which are followed, and that nothing else is ever opened.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/open_beneath.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

using namespace std::string_literals;
namespace fs = std::filesystem;

/// A folder vm/ with an overlay, beside a folder other/ with a file that must not be read.
class Fixture {
public:
    Fixture() {
        fs::create_directories(root() / "vm/sub");
        fs::create_directories(root() / "other");
        write_file((root() / "other/secret").string(), Bytes(512, std::byte{'s'}));
        write_file((root() / "vm/base").string(), Bytes(512, std::byte{'b'}));
        write_file((root() / "vm/sub/base").string(), Bytes(512, std::byte{'u'}));
    }

    fs::path root() const { return fs::canonical(folder_.path()); }
    std::string top() const { return (root() / "vm/top.qcow2").string(); }

    /// The first guest byte if `name` is the backing file, or the refusal.
    std::string outcome(const std::string& name, const std::vector<std::string>& allow_under = {}) const {
        return outcome_of(Qcow2Builder(512, 12).backing(name, "raw"), allow_under);
    }

    /// The same if `name` is the data file, whose first 512 bytes are the disk.
    std::string outcome_of_data_file(const std::string& name, std::uint64_t autoclear,
                                     const std::vector<std::string>& allow_under = {}) const {
        Qcow2Builder image(512, 12);
        image.be64(72, 4).be64(88, autoclear).extension(104, 0x44415441, name).l2_entry(0, Qcow2Builder::copied);
        return outcome_of(image, allow_under);
    }

private:
    std::string outcome_of(const Qcow2Builder& image, const std::vector<std::string>& allow_under) const {
        write_file(top(), image.view());
        const OpenOptions options{{.allow_under = allow_under}};
        if (const std::string refusal = refusal_of(top(), options); !refusal.empty()) return refusal;
        return std::string(text_of(read_all(*open_image(top(), options))).substr(0, 1));
    }

    ScratchFolder folder_;
};

}  // namespace

TEST_CASE("names: a plain name under the image's folder is followed", "[formats][names]") {
    const Fixture at;
    CHECK(at.outcome("base") == "b");
    CHECK(at.outcome("./base") == "b");
    CHECK(at.outcome("sub/base") == "u");
    CHECK(at.outcome("sub/../base") == "b");
    CHECK(at.outcome((at.root() / "vm/base").string()) == "b");
    write_file((at.root() / "vm/we:ird").string(), Bytes(512, std::byte{'w'}));
    CHECK(at.outcome("./we:ird") == "w");
}

TEST_CASE("names: a name that leads outside the folder is refused, with advice", "[formats][names][bad-input]") {
    const Fixture at;
    for (const std::string& name :
         {"/etc/passwd"s, "../other/secret"s, "sub/../../other/secret"s, "../../../../../../etc/passwd"s,
          (at.root() / "other/secret").string(), (at.root() / "vm/../other/secret").string(), "/"s, ".."s}) {
        const std::string refusal = at.outcome(name);
        CHECK_THAT(refusal, ContainsSubstring(at.top()));
        CHECK_THAT(refusal, ContainsSubstring(name));
        CHECK_THAT(refusal, ContainsSubstring("--allow-under DIR"));
    }
    CHECK(at.outcome("../other/secret", {at.root().string()}) == "s");
    CHECK(at.outcome("../other/secret", {(at.root() / "nowhere/..").string()}) != "s");
    CHECK(at.outcome((at.root() / "other/secret").string(), {(at.root() / "other").string()}) == "s");
    CHECK(at.outcome((at.root() / "other/secret").string(), {(at.root() / "vm/sub").string()}) != "s");
}

TEST_CASE("names: a name that is not a path is refused", "[formats][names][bad-input]") {
    const Fixture at;
    for (const std::string& name :
         {R"(json:{"driver":"file","filename":"/etc/passwd"})"s, "nbd://localhost/x"s, "nbd:unix:/x"s, "ssh://h/x"s,
          "http://h/x"s, "file:base"s, "file:///etc/passwd"s, "fat:rw:/etc"s, "host_device:/dev/null"s, ":x"s})
        CHECK_THAT(at.outcome(name), ContainsSubstring("is not followed"));
    CHECK_THAT(at.outcome("ba\0se"s), ContainsSubstring("without NUL"));
    CHECK_THAT(at.outcome("\x1b[2J"s), ContainsSubstring("'\x1b[2J'"));
    CHECK_THAT(at.outcome("missing"s), ContainsSubstring("does not exist"));
}

TEST_CASE("names: a symlink is followed only if it stays inside the folder", "[formats][names][bad-input]") {
    const Fixture at;
    const fs::path vm = at.root() / "vm";
    fs::create_symlink("sub/base", vm / "in");
    fs::create_symlink("../other/secret", vm / "out");
    fs::create_symlink(at.root() / "other/secret", vm / "absolute");
    fs::create_directory_symlink("../other", vm / "folder");
    fs::create_symlink("loop", vm / "loop");
    CHECK(at.outcome("in") == "u");
    for (const std::string name : {"out", "absolute", "folder/secret"})
        CHECK_THAT(at.outcome(name), ContainsSubstring("leads outside"));
    CHECK_THAT(at.outcome("loop"), ContainsSubstring("cannot be opened"));
    CHECK(at.outcome("out", {at.root().string()}) == "s");
}

TEST_CASE("names: a pipe, a character device or a folder is not read as an image", "[formats][names][bad-input]") {
    const Fixture at;
    const std::string pipe = (at.root() / "vm/pipe").string();
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_THAT(at.outcome("pipe"), ContainsSubstring("neither a regular file nor a block device"));
    CHECK_THAT(at.outcome("sub"), ContainsSubstring("neither a regular file nor a block device"));
    CHECK_THAT(at.outcome("null", {"/dev"}), ContainsSubstring("does not exist"));
    CHECK_THAT(at.outcome("/dev/null", {"/dev"}), ContainsSubstring("neither a regular file nor a block device"));
    CHECK_THAT(refusal_of(pipe), ContainsSubstring("neither a regular file nor a block device"));
    CHECK_THAT(refusal_of((at.root() / "vm").string()), ContainsSubstring("neither a regular file nor a block device"));
}

TEST_CASE("names: names in lower layers are confined to the same folders", "[formats][names][bad-input]") {
    const Fixture at;
    write_file((at.root() / "vm/sub/mid").string(), Qcow2Builder(512, 12).backing("../base", "raw").view());
    write_file(at.top(), Qcow2Builder(512, 12).backing("sub/mid", "qcow2").view());
    CHECK(text_of(read_all(*open_image(at.top()))).front() == 'b');
    write_file((at.root() / "vm/sub/mid").string(), Qcow2Builder(512, 12).backing("../../other/secret", "raw").view());
    CHECK_THAT(refusal_of(at.top()), ContainsSubstring("leads outside"));
    CHECK_THAT(refusal_of(at.top()), ContainsSubstring("sub/mid"));
    CHECK(refusal_of(at.top(), {{.allow_under = {at.root().string()}}}).empty());
}

TEST_CASE("names: the rules for backing files apply to data files, with and without the raw bit",
          "[formats][names][bad-input]") {
    const Fixture at;
    fs::create_symlink("../other/secret", at.root() / "vm/out");
    fs::create_symlink("sub/base", at.root() / "vm/in");
    REQUIRE(::mkfifo((at.root() / "vm/pipe").c_str(), 0600) == 0);
    for (const std::uint64_t autoclear : {0u, 2u}) {
        const auto outcome = [&](const std::string& name, const std::vector<std::string>& allow_under = {}) {
            return at.outcome_of_data_file(name, autoclear, allow_under);
        };
        CHECK(outcome("base") == "b");
        CHECK(outcome("./sub/../base") == "b");
        CHECK(outcome("in") == "u");
        CHECK(outcome((at.root() / "vm/sub/base").string()) == "u");
        for (const std::string& name :
             {"/etc/passwd"s, "../other/secret"s, "out"s, (at.root() / "other/secret").string()})
            CHECK_THAT(outcome(name), ContainsSubstring("--allow-under DIR"));
        for (const std::string& name : {R"(json:{"driver":"file","filename":"base"})"s, "nbd://localhost/x"s,
                                        "file:base"s, ""s, "ba\0se"s, "host_device:/dev/null"s})
            CHECK_THAT(outcome(name), ContainsSubstring("names its data file") && ContainsSubstring("is not followed"));
        CHECK_THAT(outcome("missing"), ContainsSubstring("does not exist") && ContainsSubstring("qemu-img amend"));
        CHECK_THAT(outcome("pipe"), ContainsSubstring("neither a regular file nor a block device"));
        CHECK_THAT(outcome("sub"), ContainsSubstring("neither a regular file nor a block device"));
        CHECK(outcome("../other/secret", {at.root().string()}) == "s");
        CHECK(outcome("out", {at.root().string()}) == "s");
    }
}

TEST_CASE("names: a folder that is constantly swapped for a symlink never leads outside",
          "[formats][names][bad-input]") {
    const Fixture at;
    const fs::path vm = at.root() / "vm";
    fs::create_directory(vm / "swap");
    write_file((vm / "swap/secret").string(), Bytes(512, std::byte{'i'}));
    fs::create_directory_symlink("../other", vm / "evil");
    write_file(at.top(), Qcow2Builder(512, 12).backing("swap/secret", "raw").view());
    std::atomic<bool> done = false;
    std::thread swapper([&] {
        while (!done) ::renameat2(AT_FDCWD, (vm / "swap").c_str(), AT_FDCWD, (vm / "evil").c_str(), RENAME_EXCHANGE);
    });
    unsigned inside = 0;
    unsigned outside = 0;
    for (int i = 0; i < 2000; ++i) {
        try {
            const char first = text_of(read_all(*open_image(at.top()))).front();
            ++(first == 'i' ? inside : outside);
        } catch (const Error&) {
        }
    }
    done = true;
    swapper.join();
    CHECK(outside == 0);
    CHECK(inside > 0);
}

TEST_CASE("names: opening beneath a folder by components has the same results, but follows no symlink",
          "[formats][names]") {
    const Fixture at;
    const File folder = File::open((at.root() / "vm").string(), O_PATH | O_DIRECTORY);
    fs::create_symlink("base", at.root() / "vm/link");
    fs::create_directory_symlink("sub", at.root() / "vm/dirlink");
    for (const auto open : {open_beneath, open_beneath_by_component}) {
        CHECK(open(folder.fd(), "base", O_RDONLY).error == 0);
        CHECK(open(folder.fd(), "./sub//base", O_RDONLY).error == 0);
        CHECK(open(folder.fd(), "sub/../base", O_RDONLY).error == 0);
        CHECK(open(folder.fd(), "../other/secret", O_RDONLY).error == EXDEV);
        CHECK(open(folder.fd(), "sub/../../other/secret", O_RDONLY).error == EXDEV);
        CHECK(open(folder.fd(), "/etc/passwd", O_RDONLY).error == EXDEV);
        CHECK(open(folder.fd(), "..", O_PATH).error == EXDEV);
        CHECK(open(folder.fd(), "none", O_RDONLY).error == ENOENT);
        CHECK(open(folder.fd(), "sub", O_PATH | O_DIRECTORY).error == 0);
        CHECK(open(folder.fd(), "./sub/..", O_PATH | O_DIRECTORY).error == 0);
    }
    CHECK(open_beneath(folder.fd(), "dirlink/base", O_RDONLY).error == 0);
    CHECK(open_beneath_by_component(folder.fd(), "dirlink/base", O_RDONLY).error != 0);
    CHECK(open_beneath_by_component(folder.fd(), "link", O_RDONLY).error != 0);
}

TEST_CASE("chains: a chain that loops or has more than 256 images is refused", "[formats][names][bad-input]") {
    ScratchFolder folder;
    const auto put = [&](const std::string& name, const std::string& backing) {
        write_file(folder.file(name), Qcow2Builder(512, 12).backing(backing, "qcow2").view());
    };
    SECTION("an image based on itself") {
        put("a", "a");
        CHECK_THAT(refusal_of(folder.file("a")), ContainsSubstring("loops"));
    }
    SECTION("two images based on each other") {
        put("a", "b");
        put("b", "./a");
        CHECK_THAT(refusal_of(folder.file("a")), ContainsSubstring("loops"));
    }
    SECTION("an image based on a hard link or a symlink to itself") {
        put("a", "b");
        fs::create_hard_link(folder.file("a"), folder.file("b"));
        CHECK_THAT(refusal_of(folder.file("a")), ContainsSubstring("loops"));
        fs::remove(folder.file("b"));
        fs::create_symlink("a", folder.file("b"));
        CHECK_THAT(refusal_of(folder.file("a")), ContainsSubstring("loops"));
    }
    SECTION("300 images") {
        for (int i = 0; i < 300; ++i) put(fmt::format("i{}", i), fmt::format("i{}", i + 1));
        CHECK_THAT(refusal_of(folder.file("i0")), ContainsSubstring("deeper than 256"));
        write_file(folder.file("i299"), Qcow2Builder(512, 12).data_cluster(0, 'z').view());
        CHECK_THAT(refusal_of(folder.file("i0")), ContainsSubstring("deeper than 256"));
        const auto reader = open_image(folder.file("i44"));
        CHECK(reader->extent_at(ByteOffset{}).kind == ExtentKind::data);
        CHECK(text_of(read_all(*reader)).front() == 'z');
    }
}

}  // namespace varve::reader_test
