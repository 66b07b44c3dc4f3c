// Names inside images: which are followed, and that nothing else is ever opened.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/chain/local_name.h"
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
        CHECK_THAT(refusal, ContainsSubstring("--allow-under /"));
    }
    CHECK_THAT(at.outcome("sub/../../other/secret"),
               ContainsSubstring(fmt::format("it leads to '{}/other/secret', outside '{}/vm'; if you trust it, pass "
                                             "--allow-under {}/other",
                                             at.root().string(), at.root().string(), at.root().string())));
    CHECK(at.outcome("../other/secret", {at.root().string()}) == "s");
    CHECK(at.outcome("../other/secret", {(at.root() / "other").string()}) == "s");
    CHECK(at.outcome("../other/secret", {(at.root() / "nowhere/..").string()}) != "s");
    CHECK(at.outcome((at.root() / "other/secret").string(), {(at.root() / "other").string()}) == "s");
    CHECK(at.outcome((at.root() / "other/secret").string(), {(at.root() / "vm/sub").string()}) != "s");
}

TEST_CASE("names: a name that is not a path is refused", "[formats][names][bad-input]") {
    const Fixture at;
    for (const std::string& name :
         {R"(json:{"driver":"file","filename":"/etc/passwd"})"s, R"(json:{"driver":"nbd","path":"/x"})"s, "json:{"s,
          "json:7"s, R"(json:{"file":{"driver":"file"}})"s,
          R"(json:{"driver":"raw","offset":512,"file.filename":"base"})"s,
          R"(json:{"file.filename":"base","file":{"filename":"base"}})"s,
          R"(json:{"driver":"qcow2","backing":null,"file":{"filename":"base"}})"s, R"(json:{"file":{"filename":7}})"s,
          "nbd://localhost/x"s, "nbd:unix:/x"s, "ssh://h/x"s, "http://h/x"s, "file:"s, "file://h/etc/passwd"s,
          "file:///etc/passwd"s, "fat:rw:/etc"s, "host_device:/dev/null"s, ":x"s})
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
    for (const std::string name : {"out", "absolute", "folder/secret"}) {
        CHECK_THAT(at.outcome(name), ContainsSubstring("it leads to") && ContainsSubstring("other/secret', outside"));
        CHECK(at.outcome(name, {(at.root() / "other").string()}) == "s");
    }
    CHECK_THAT(at.outcome("loop"), ContainsSubstring("cannot be opened"));
    CHECK(at.outcome("out", {at.root().string()}) == "s");
}

TEST_CASE("names: absolute symlinks and detours are followed if they end under an allowed folder", "[formats][names]") {
    const Fixture at;
    const fs::path vm = at.root() / "vm";
    const std::string other = (at.root() / "other").string();
    fs::create_symlink(vm / "sub/base", vm / "inside");
    fs::create_symlink(at.root() / "other/secret", vm / "uuid");
    fs::create_directory_symlink(vm, at.root() / "linked");
    CHECK(at.outcome("inside") == "u");
    CHECK(at.outcome("../vm/base") == "b");
    CHECK(at.outcome((at.root() / "linked/base").string()) == "b");
    CHECK(at.outcome((at.root() / "vm/../vm/sub/base").string()) == "u");
    CHECK(at.outcome("uuid", {other}) == "s");
    CHECK(at.outcome("uuid", {"/"}) == "s");
    CHECK_THAT(at.outcome("uuid"), ContainsSubstring("--allow-under " + other));

    const std::string linked_top = (at.root() / "linked/top.qcow2").string();
    write_file(at.top(), Qcow2Builder(512, 12).backing((at.root() / "linked/base").string(), "raw").view());
    CHECK(text_of(read_all(*open_image(linked_top))).front() == 'b');
}

TEST_CASE("names: file: and json: that mean a path on this host are followed as that path", "[formats][names]") {
    const Fixture at;
    const std::string base = (at.root() / "vm/base").string();
    for (const std::string& name :
         {"file:" + base, "file://" + base, "file:base"s, "file:sub/../base"s,
          fmt::format(R"(json:{{"driver":"raw","file":{{"driver":"file","filename":"{}"}}}})", base),
          R"(json:{"file.filename":"base","file.driver":"file","node-name":"x","file.locking":"off"})"s,
          R"(json:{"driver":"file","filename":"base","cache":{"direct":true}})"s})
        CHECK(at.outcome(name) == "b");
    CHECK_THAT(at.outcome("file:" + (at.root() / "other/secret").string()), ContainsSubstring("--allow-under"));
    write_file((at.root() / "vm/we:ird").string(), Bytes(512, std::byte{'w'}));
    CHECK(at.outcome(R"(json:{"driver":"file","filename":"we:ird"})") == "w");

    // The description's format counts where the image records none.
    write_file((at.root() / "vm/mid").string(), Qcow2Builder(512, 12).data_cluster(0, 'q').view());
    const auto first_byte = [&](const std::string& driver) {
        write_file(at.top(), Qcow2Builder(512, 12)
                                 .backing(fmt::format(R"(json:{{"driver":"{}","file.filename":"mid"}})", driver))
                                 .view());
        return text_of(read_all(*open_image(at.top()))).front();
    };
    CHECK(first_byte("qcow2") == 'q');
    CHECK(first_byte("raw") == 'Q');
}

TEST_CASE("names: a json: description that is long or nested without end is refused", "[formats][names][bad-input]") {
    std::string nested = "json:";
    for (int depth = 0; depth < 150'000; ++depth) nested += R"({"a":)";
    CHECK_THAT(parse_local_name(nested).refusal.value(), ContainsSubstring("longer than 4096 bytes"));
    CHECK_THAT(parse_local_name(nested.substr(0, 4096)).refusal.value(), ContainsSubstring("not a JSON object"));
    std::string closed = nested.substr(0, 5 + 5 * 600) + "1" + std::string(600, '}');
    CHECK_THAT(parse_local_name(closed).refusal.value(), ContainsSubstring("has no file name"));
}

TEST_CASE("names: the file of a moved chain is found beside the image, with a warning", "[formats][names]") {
    const Fixture at;
    const auto warnings_with = [&](const std::string& name) {
        write_file(at.top(), Qcow2Builder(512, 12).backing(name, "raw").view());
        const auto reader = open_image(at.top());
        CHECK(text_of(read_all(*reader)).front() == 'b');
        return reader->info().warnings;
    };
    for (const std::string& name : {"/nowhere/base"s, "../old/base"s, "file:/nowhere/base"s,
                                    R"(json:{"driver":"raw","file.filename":"/nowhere/base"})"s}) {
        const auto warnings = warnings_with(name);
        REQUIRE(warnings.size() == 1);
        CHECK_THAT(warnings[0], ContainsSubstring(name) && ContainsSubstring("does not exist") &&
                                    ContainsSubstring("/vm/base' beside it was read instead"));
    }
    CHECK(warnings_with("base").empty());
    // One that is elsewhere is not replaced by one of the same name, and the image is not its own base.
    fs::copy(at.root() / "vm/base", at.root() / "other/base");
    CHECK_THAT(at.outcome((at.root() / "other/base").string()), ContainsSubstring("--allow-under"));
    CHECK_THAT(at.outcome("/nowhere/top.qcow2"), ContainsSubstring("does not exist; pass --backing FILE"));
    CHECK_THAT(at.outcome("/nowhere/else"), ContainsSubstring("does not exist; pass --backing FILE"));
}

TEST_CASE("names: backing files that the user names replace those in the images", "[formats][names]") {
    const Fixture at;
    const std::string secret = (at.root() / "other/secret").string();
    const std::string mid = (at.root() / "other/mid.qcow2").string();
    write_file(at.top(), Qcow2Builder(512, 12).backing("/nowhere/a", "raw").view());
    const auto first_byte = [&](const std::vector<std::string>& files) {
        return text_of(read_all(*open_image(at.top(), {{.backing_files = files}}))).front();
    };
    CHECK(first_byte({secret}) == 's');
    write_file(at.top(), Qcow2Builder(512, 12).backing("/nowhere/a", "qcow2").view());
    write_file(mid, Qcow2Builder(512, 12).backing("secret", "raw").view());
    CHECK(first_byte({mid}) == 's');  // its own names are followed in its folder
    CHECK(first_byte({mid, (at.root() / "vm/base").string()}) == 'b');
    for (const auto& files : {std::vector{mid, secret, secret}, std::vector{mid, secret, secret, secret}})
        CHECK_THAT(refusal_of(at.top(), {{.backing_files = files}}),
                   ContainsSubstring("--backing '" + secret + "' has no place in the chain"));
    CHECK_THAT(refusal_of(at.top(), {{.backing_files = {secret + "x"}}}), ContainsSubstring("does not exist"));
}

TEST_CASE("names: for its facts, an image is described without what it is based on", "[formats][names]") {
    const Fixture at;
    write_file(at.top(), Qcow2Builder(512, 12).backing("/nowhere/a", "raw").view());
    const OpenedImage alone = open_image_chain(at.top(), {{.backing = BackingUse::followed_if_possible}});
    CHECK(alone.reader->info().backing == "/nowhere/a");
    CHECK(alone.layers.size() == 1);
    CHECK_THAT(alone.not_followed, ContainsSubstring("'/nowhere/a', which does not exist"));
    write_file(at.top(), Qcow2Builder(512, 12).backing("base", "raw").view());
    CHECK(open_image_chain(at.top(), {{.backing = BackingUse::followed_if_possible}}).not_followed.empty());
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
    CHECK_THAT(refusal_of(at.top()), ContainsSubstring("it leads to"));
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
            CHECK_THAT(outcome(name), ContainsSubstring("--allow-under /"));
        for (const std::string& name : {R"(json:{"driver":"nbd","filename":"base"})"s, "nbd://localhost/x"s, ""s,
                                        "ba\0se"s, "host_device:/dev/null"s})
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
