#include "formats/guard/live_image.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/formats/guard/lock_holders.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::reader_test;

namespace {

/// Three layers: the raw root, the base over it and the top over that.
struct Chain {
    explicit Chain(const ScratchFolder& folder)
        : root(folder.file("root.raw")), base(folder.file("base.qcow2")), top(folder.file("top.qcow2")) {
        write_file(root, Bytes(1 << 20, std::byte{1}));
        qemu_img({"create", "-q", "-f", "qcow2", "-b", root, "-F", "raw", base});
        qemu_img({"create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top});
    }
    std::string root;
    std::string base;
    std::string top;
};

OpenOptions with_warnings() {
    OpenOptions options;
    options.image.live = LiveImage::warn;
    return options;
}

}  // namespace

TEST_CASE("live image: an image that a real qemu-io writes to is refused; the error names both and advises",
          "[formats][locks]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    const QemuIo machine({"-f", "qcow2"}, chain.top, chain.top);
    try {
        open_image_chain(chain.top);
        FAIL("it was opened");
    } catch (const Error& error) {
        CHECK(error.code() == ErrorCode::refused);
        CHECK_THAT(error.what(), ContainsSubstring("'" + chain.top + "' is in use"));
        CHECK_THAT(error.what(), ContainsSubstring(fmt::format("process {} (qemu-io)", machine.pid())));
        CHECK_THAT(error.what(), ContainsSubstring("QEMU's write lock"));
        CHECK_THAT(error.what(), ContainsSubstring("shut the machine down"));
        CHECK_THAT(error.what(), ContainsSubstring("overlay"));
    }
    // The base of the overlay can be backed up in the meantime.
    CHECK(refusal_of(chain.base).empty());
    CHECK(open_image(chain.base)->info().warnings.empty());
}

TEST_CASE("live image: a write lock on any layer of the chain is refused", "[formats][locks]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    for (const std::string& path : {chain.top, chain.base, chain.root}) {
        for (const off_t byte : {100, 101, 102, 103, 104, 200, 201, 202, 203, 204}) {
            INFO(path << " byte " << byte);
            const ByteLocks lock(path, {byte});
            const std::string refusal = refusal_of(chain.top);
            const bool is_refused = byte == 101 || byte == 103 || byte == 200;
            CHECK(refusal.find("'" + path + "' is in use") == (is_refused ? 0 : std::string::npos));
            CHECK(refusal.empty() != is_refused);
        }
    }
    CHECK(refusal_of(chain.top).empty());
}

TEST_CASE("live image: with LiveImage::warn there is one warning", "[formats][locks]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    const ByteLocks machine(chain.top, {100, 101, 103, 201, 203});
    const ByteLocks second(chain.root, {100, 101});
    const auto image = open_image(chain.top, with_warnings());
    REQUIRE(image->info().warnings.size() == 1);
    CHECK_THAT(image->info().warnings[0], ContainsSubstring("QEMU's write lock"));
    CHECK_THAT(image->info().warnings[0], ContainsSubstring("out of date"));
}

TEST_CASE("live image: an image on a file system without locks is read, with one warning", "[formats][locks]") {
    const ScratchFolder folder;
    const Chain chain(folder);
    CHECK(writer_test::in_child([&] {
              writer_test::lose_ofd_locks();
              const auto image = open_image(chain.top);
              const auto& warnings = image->info().warnings;
              image->check_unchanged();
              return warnings.size() == 1 && warnings[0].find("keeps no locks") != std::string::npos &&
                     read_all(*image) == Bytes(1 << 20, std::byte{1});
          }) == 0);
}
