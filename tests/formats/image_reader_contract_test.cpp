// The contract of ImageReader over every reader of this folder.

#include "tests/contract/image_reader_contract.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

void check_against_qemu(const std::string& path, const std::string& format) {
    contract::check_image_reader(*open_image(path, {{.format = format}}), qemu_bytes(path, format));
}

}  // namespace

TEST_CASE("contract: raw", "[formats][raw][contract][pipeline]") {
    ScratchFolder folder;
    const std::string path = folder.file("disk.raw");
    qemu_img({"create", "-q", "-f", "raw", path, "3M"});
    qemu_io(path, "raw", {"write -P 1 0 300k", "write -P 2 2M 100k"});
    check_against_qemu(path, "raw");
}

TEST_CASE("contract: raw with a size that is not a multiple of 512", "[formats][raw][contract][pipeline]") {
    ScratchFolder folder;
    const Bytes whole(100'003, std::byte{0x11});
    write_file(folder.file("odd.raw"), whole);
    contract::check_image_reader(*open_image(folder.file("odd.raw")), whole);
}

TEST_CASE("contract: qcow2 with plain and compressed clusters", "[formats][qcow2][contract][pipeline]") {
    ScratchFolder folder;
    const std::string path = folder.file("disk.qcow2");
    for (const std::string options :
         {"cluster_size=512", "cluster_size=65536,compression_type=zstd", "cluster_size=2097152",
          "cluster_size=16384,extended_l2=on", "cluster_size=2097152,extended_l2=on"}) {
        CAPTURE(options);
        qemu_img({"create", "-q", "-f", "qcow2", "-o", options, path, "5M"});
        qemu_io(path, "qcow2",
                {"write -P 1 100k 300k", "write -z 2M 1M", "write -c -P 3 512k 64k", "write -c -P 4 4M 512"});
        check_against_qemu(path, "qcow2");
    }
}

TEST_CASE("contract: qcow2 with a size that is not a multiple of 512", "[formats][qcow2][contract][pipeline]") {
    ScratchFolder folder;
    // Two clusters of 512 bytes and 100 bytes of a third. The oracle is wrong here: qemu cuts the 100 bytes off.
    Qcow2Builder image(1124);
    image.data_cluster(0, 'a').data_cluster(2, 'c');
    write_file(folder.file("odd.qcow2"), image.view());
    Bytes whole(1124);
    std::fill_n(whole.begin(), 512, std::byte{'a'});
    std::fill_n(whole.begin() + 1024, 100, std::byte{'c'});
    contract::check_image_reader(*open_image(folder.file("odd.qcow2")), whole);
}

TEST_CASE("contract: layers, above a shorter and a longer one", "[formats][qcow2][raw][contract][pipeline]") {
    ScratchFolder folder;
    const std::string top = folder.file("top.qcow2");
    for (const std::string size : {"1M", "6M"}) {
        CAPTURE(size);
        qemu_img({"create", "-q", "-f", "raw", folder.file("base.raw"), size});
        qemu_io(folder.file("base.raw"), "raw", {"write -P 5 700k 300k"});
        qemu_img({"create", "-q", "-f", "qcow2", "-b", "base.raw", "-F", "raw", folder.file("mid.qcow2"), "4M"});
        qemu_io(folder.file("mid.qcow2"), "qcow2", {"write -P 6 2M 200k", "write -z 768k 64k"});
        qemu_img(
            {"create", "-q", "-f", "qcow2", "-o", "cluster_size=4096", "-b", "mid.qcow2", "-F", "qcow2", top, "3M"});
        qemu_io(top, "qcow2", {"write -P 7 10k 20k", "write -z 2100k 8k"});
        check_against_qemu(top, "qcow2");
    }
}

}  // namespace varve::reader_test
