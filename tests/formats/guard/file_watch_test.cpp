#include "formats/guard/file_watch.h"

#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>

#include "engine/base/error.h"
#include "formats/snapshot_change_source.h"
#include "tests/catch.h"
#include "tests/formats/guard/lock_holders.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::reader_test;

namespace {

/// The error with which the reader reports a change; empty when there is none.
std::string complaint_of(const ImageReader& image) {
    try {
        image.check_unchanged();
        return {};
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::refused);
        return error.what();
    }
}

void put(const std::string& path, std::uint64_t at, const Bytes& bytes) {
    File::open(path, O_WRONLY).write_all({at}, bytes);
}

void set_times(const std::string& path, timespec time) {
    const timespec times[2] = {time, time};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

timespec modified(const std::string& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mtim;
}

/// Makes the file look as if written long ago, so that no test depends on the tick of the clock.
void make_old(const std::string& path) { set_times(path, {1'000'000'000, 123'456'789}); }

struct Chain {
    explicit Chain(const ScratchFolder& folder)
        : root(folder.file("root.raw")), base(folder.file("base.qcow2")), top(folder.file("top.qcow2")) {
        write_file(root, Bytes(1 << 20, std::byte{1}));
        qemu_img({"create", "-q", "-f", "qcow2", "-b", root, "-F", "raw", base});
        qemu_img({"create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top});
        for (const std::string& path : {root, base, top}) make_old(path);
    }
    std::string root;
    std::string base;
    std::string top;
};

}  // namespace

TEST_CASE("file watch: neither reading nor a new link, mode or name is a change", "[formats][watch]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    const auto image = open_image(chain.top);
    CHECK(complaint_of(*image).empty());
    static_cast<void>(read_all(*image));
    CHECK(complaint_of(*image).empty());
    // New links, permissions or names do not change the content.
    std::filesystem::create_hard_link(chain.base, folder.file("link.qcow2"));
    REQUIRE(::chmod(chain.root.c_str(), 0600) == 0);
    std::filesystem::rename(chain.top, folder.file("renamed.qcow2"));
    write_file(chain.top, Bytes(4096));
    CHECK(complaint_of(*image).empty());
}

TEST_CASE("file watch: a write to any file of the chain is detected, and the file named", "[formats][watch]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    for (const std::string& path : {chain.top, chain.base, chain.root}) {
        INFO(path);
        const auto image = open_image(chain.top);
        put(path, 65536 * 3, Bytes(512, std::byte{9}));
        const std::string complaint = complaint_of(*image);
        CHECK_THAT(complaint, ContainsSubstring("'" + path + "' changed while it was read"));
        CHECK(complaint_of(*open_image(chain.top)).empty());
        make_old(path);
    }
}

TEST_CASE("file watch: a new size, an earlier time and a time one nanosecond later are changes", "[formats][watch]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.raw");
    write_file(path, Bytes(1 << 20));
    make_old(path);
    const timespec before = modified(path);
    for (const off_t size : {(1 << 20) + 1, (1 << 20) - 1, 0}) {
        write_file(path, Bytes(1 << 20));
        make_old(path);
        const auto image = open_image(path);
        REQUIRE(::truncate(path.c_str(), size) == 0);
        set_times(path, before);  // as rsync and cp --preserve do
        CHECK_THAT(complaint_of(*image), ContainsSubstring("1048576 bytes and has " + std::to_string(size)));
    }
    write_file(path, Bytes(1 << 20));
    make_old(path);
    for (const timespec time : {timespec{before.tv_sec, before.tv_nsec + 1}, timespec{before.tv_sec - 1, 0}}) {
        const auto image = open_image(path);
        set_times(path, time);
        CHECK_THAT(complaint_of(*image), ContainsSubstring("modification time"));
        make_old(path);
    }
}

TEST_CASE("file watch: a rewritten header is a change even if the time was restored", "[formats][watch]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    const timespec before = modified(chain.top);
    const auto image = open_image(chain.top);
    put(chain.top, 79, Bytes(1, std::byte{1}));  // an incompatible feature bit: dirty
    set_times(chain.top, before);
    CHECK_THAT(complaint_of(*image), ContainsSubstring("first 4 KiB"));
}

TEST_CASE("file watch: a machine that starts on the image while it is read is detected before it writes anything",
          "[formats][watch][locks]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    const auto image = open_image(chain.top);
    {
        const ByteLocks reader(chain.root, {100, 201, 203});
        CHECK(complaint_of(*image).empty());
    }
    const ByteLocks machine(chain.root, {100, 101});
    CHECK_THAT(complaint_of(*image), ContainsSubstring("'" + chain.root + "' is in use"));
}

TEST_CASE("file watch: a write by a real qemu-io that has exited is detected", "[formats][watch]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    const auto image = open_image(chain.top);
    qemu_io(chain.top, "qcow2", {"write -P 7 0 64k"});
    CHECK_THAT(complaint_of(*image), ContainsSubstring("'" + chain.top + "' changed"));
}

TEST_CASE("open image: reopening is refused when another file has the name now", "[formats][watch]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.qcow2");
    const auto make = [](const std::string& at) {
        qemu_img({"create", "-q", "-f", "qcow2", at, "1M"});
        qemu_img({"snapshot", "-c", "s", at});
    };
    make(path);
    ImageOptions again;
    again.same_file = open_image_chain(path).layers.front().identity;
    CHECK_NOTHROW(open_image(path, {again}));
    CHECK_NOTHROW(changes_between_states(path, again, "s"));
    make(path + ".new");
    std::filesystem::rename(path + ".new", path);
    CHECK_THROWS_WITH(open_image(path, {again}), ContainsSubstring("was replaced by another file"));
    CHECK_THROWS_WITH(changes_between_states(path, again, "s"), ContainsSubstring("was replaced by another file"));
}
