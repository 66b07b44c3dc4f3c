#include <sys/stat.h>

#include "engine/base/error.h"
#include "formats/guard/target_rules.h"
#include "formats/output/output_file.h"
#include "tests/catch.h"
#include "tests/formats/guard/lock_holders.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::reader_test;

namespace {

const TargetRules force{Overwrite::force, {}};

std::string text_of(ErrorCode code, const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    return {};
}

std::string refusal(const std::function<void()>& action) { return text_of(ErrorCode::refused, action); }

}  // namespace

TEST_CASE("target: a file on which QEMU holds any lock is not replaced, even with force", "[formats][output][locks]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.raw");
    const Bytes before(4096, std::byte{1});
    write_file(path, before);
    for (const off_t byte : {100, 101, 102, 103, 104, 200, 201, 202, 203, 204}) {
        INFO("byte " << byte);
        const ByteLocks lock(path, {byte});
        CHECK_THAT(refusal([&] { create_output_file(path, force); }), ContainsSubstring("QEMU's locks"));
        CHECK(refusal([&] { create_output_file(path, {}); }) != "");
    }
    CHECK((writer_test::read_file(path) == before));
    create_output_file(path, force)->commit();
    CHECK(writer_test::read_file(path).empty());
}

TEST_CASE("target: a file is not replaced when a machine started on it in the meantime", "[formats][output][locks]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.raw");
    const Bytes before(4096, std::byte{1});
    write_file(path, before);
    const auto output = create_output_file(path, force);
    output->write({}, Bytes(512, std::byte{2}));
    {
        const QemuIo machine({"-f", "raw"}, path, path);
        const std::string text = refusal([&] { output->commit(); });
        CHECK_THAT(text, ContainsSubstring("process " + std::to_string(machine.pid()) + " (qemu-io)"));
        CHECK_THAT(text, ContainsSubstring("QEMU's locks"));
    }
    CHECK((writer_test::read_file(path) == before));
}

TEST_CASE("target: a base that a real overlay only reads is not replaced either", "[formats][output][locks]") {
    const ScratchFolder folder;
    const std::string base = folder.file("base.qcow2");
    const std::string top = folder.file("top.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", base, "1M"});
    qemu_img({"create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top});
    const QemuIo machine({"-f", "qcow2"}, top, base);
    CHECK_THAT(refusal([&] { create_output_file(base, force); }), ContainsSubstring("QEMU's locks"));
}

TEST_CASE("target: for a device only QEMU's locks count, for a file any open descriptor", "[formats][output][locks]") {
    const ScratchFolder folder;
    const std::string path = folder.file("disk.raw");
    write_file(path, Bytes(4096));
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    struct stat device = status;
    device.st_mode = S_IFBLK | 0600;
    const File asked = File::open(path, O_RDONLY);
    const File second = File::open(path, O_RDONLY);
    CHECK_THAT(refusal([&] { refuse_in_use(path, status, &asked); }), ContainsSubstring("has it open"));
    CHECK(refusal([&] { refuse_in_use(path, device, &asked); }).empty());
    const ByteLocks lock(path, {201});
    CHECK_THAT(refusal([&] { refuse_in_use(path, device, &asked); }), ContainsSubstring("QEMU's locks"));
    // Where the file may not be opened, only the processes are checked.
    CHECK(refusal([&] { refuse_in_use(path, status, nullptr); }).empty());
}
