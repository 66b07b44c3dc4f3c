#include "formats/guard/qemu_locks.h"

#include "tests/catch.h"
#include "tests/formats/guard/lock_holders.h"
#include "tests/support/reader_support.h"

using namespace varve;
using namespace varve::reader_test;

namespace {

std::string raw_disk(const ScratchFolder& folder) {
    const std::string path = folder.file("disk.raw");
    write_file(path, Bytes(1 << 20));
    return path;
}

}  // namespace

TEST_CASE("qemu locks: each locked byte alone means the use that QEMU documents", "[formats][locks]") {
    const ScratchFolder folder;
    const std::string path = raw_disk(folder);
    CHECK(use_of(path) == QemuUse::none);
    for (const off_t base : {100, 200}) {
        for (off_t permission = 0; permission < 5; ++permission) {
            const off_t byte = base + permission;
            INFO("byte " << byte);
            const ByteLocks locks(path, {byte});
            const QemuUse expected = byte == 101   ? QemuUse::writes
                                     : byte == 103 ? QemuUse::resizes
                                     : byte == 200 ? QemuUse::reshapes
                                                   : QemuUse::reads;
            CHECK(use_of(path) == expected);
        }
    }
    for (const off_t byte : {0, 99, 300}) {
        INFO("byte " << byte);
        const ByteLocks locks(path, {byte});
        CHECK(use_of(path) == QemuUse::none);
    }
    CHECK(use_of(path) == QemuUse::none);
}

TEST_CASE("qemu locks: the strongest of several locks counts, shared or exclusive, and the query takes none",
          "[formats][locks]") {
    const ScratchFolder folder;
    const std::string path = raw_disk(folder);
    for (const short type : {short{F_RDLCK}, short{F_WRLCK}}) {
        {
            const ByteLocks backing_file(path, {100, 201, 203}, type);
            CHECK(use_of(path) == QemuUse::reads);
        }
        {
            const ByteLocks machine(path, {100, 101, 103, 201, 203}, type);
            CHECK(use_of(path) == QemuUse::writes);
        }
        {
            const ByteLocks commit(path, {100, 200, 201, 203}, type);
            CHECK(use_of(path) == QemuUse::reshapes);
        }
    }
    const ByteLocks first(path, {100, 201, 203});
    const ByteLocks second(path, {100, 201});
    CHECK(use_of(path) == QemuUse::reads);
    // A QEMU that starts meets no lock of ours: it can take an exclusive one on every byte that is not locked.
    const ByteLocks third(path, {101, 102, 103}, F_WRLCK);
    CHECK(use_of(path) == QemuUse::writes);
}

TEST_CASE("qemu locks: a real qemu-io writes to the top image and only reads its backing file", "[formats][locks]") {
    const ScratchFolder folder;
    const std::string base = folder.file("base.qcow2");
    const std::string top = folder.file("top.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", base, "1M"});
    qemu_img({"create", "-q", "-f", "qcow2", "-b", base, "-F", "qcow2", top});
    {
        const QemuIo machine({"-f", "qcow2"}, top, top);
        CHECK(use_of(top) == QemuUse::writes);
        CHECK(use_of(base) == QemuUse::reads);
    }
    {
        const QemuIo reader({"-r", "-f", "qcow2"}, top, top);
        CHECK(use_of(top) == QemuUse::reads);
        CHECK(use_of(base) == QemuUse::reads);
    }
    CHECK(use_of(top) == QemuUse::none);
    const std::string raw = raw_disk(folder);
    const QemuIo machine({"-f", "raw"}, raw, raw);
    CHECK(use_of(raw) == QemuUse::writes);
}

TEST_CASE("qemu locks: where they cannot be queried, the use is unknown", "[formats][locks]") {
    const ScratchFolder folder;
    const std::string path = raw_disk(folder);
    CHECK(writer_test::in_child([&] {
              writer_test::lose_ofd_locks();
              return use_of(path) == QemuUse::unknown;
          }) == 0);
}
