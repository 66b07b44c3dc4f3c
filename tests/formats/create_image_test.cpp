#include "formats/create_image.h"

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

CreateOptions options_of(std::string format, ByteCount virtual_size) {
    return {.format = std::move(format), .virtual_size = virtual_size, .overwrite = Overwrite::refuse, .forbidden = {}};
}

ErrorCode refusal_of(const std::string& path, const CreateOptions& options) {
    try {
        create_image(path, options);
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("expected an error for " << path);
    throw std::logic_error("not reached");
}

}  // namespace

TEST_CASE("create image: the format is that of the file extension", "[formats][create]") {
    const auto format_is = [](std::string_view path, std::optional<std::string> format) {
        CAPTURE(path);
        CHECK(format_of_extension(path) == format);
    };
    format_is("a.raw", "raw");
    format_is("/x.qcow2/a.img", "raw");
    format_is("web01.qcow2", "qcow2");
    format_is("WEB01.QCOW2", "qcow2");
    format_is("a.raw.qcow2", "qcow2");
    format_is("out.vmdk", "vmdk");
    format_is("out.vhd", "vpc");
    format_is("out.vhdx", "vhdx");
    format_is("out.qcow", "qcow");
    format_is("out.ova", "ova");
    format_is("disk", std::nullopt);
    format_is("a.qcow2/disk", std::nullopt);
    format_is("disk.bak", std::nullopt);
    format_is("disk.", std::nullopt);
    format_is(".raw", std::nullopt);
    format_is("-", std::nullopt);
    format_is("", std::nullopt);
}

TEST_CASE("create image: writes every format under its name", "[formats][create]") {
    const ScratchFolder folder;
    for (const std::string format : {"raw", "qcow", "qcow2", "qed", "vdi", "vhdx", "vmdk", "vpc", "parallels"}) {
        const std::string path = folder.file("a." + format);
        const auto writer = create_image(path, options_of(format, mib(1)));
        writer->write({4096}, Bytes(100, std::byte{3}));
        writer->finish();
        const auto result = run_tool({"qemu-img", "info", "-f", format, path});
        REQUIRE(result.status == 0);
        REQUIRE_THAT(result.output, ContainsSubstring("virtual size: 1 MiB"));
    }
}

TEST_CASE("create image: a format that is not written is refused by name", "[formats][create]") {
    const ScratchFolder folder;
    for (const std::string format : {"bochs", "cow", "", "qcow3"}) {
        REQUIRE(refusal_of(folder.file("a"), options_of(format, mib(1))) == ErrorCode::unsupported);
        REQUIRE_THROWS_WITH(create_image(folder.file("a"), options_of(format, mib(1))),
                            ContainsSubstring("'" + format + "'") && ContainsSubstring("it writes raw, "));
    }
    REQUIRE(folder.names().empty());
}

TEST_CASE("create image: a size beyond the format is refused", "[formats][create]") {
    const ScratchFolder folder;
    REQUIRE(refusal_of(folder.file("a"), options_of("raw", {std::uint64_t{1} << 63})) == ErrorCode::unsupported);
    REQUIRE(refusal_of(folder.file("a"), options_of("qcow2", {(std::uint64_t{1} << 51) + 1})) ==
            ErrorCode::unsupported);
    REQUIRE(folder.names().empty());
}

TEST_CASE("create image: overwrite and forbidden reach the file", "[formats][create]") {
    const ScratchFolder folder;
    const std::string path = folder.file("a");
    write_file(path, bytes_of("old"));
    CreateOptions options = options_of("qcow2", mib(1));
    REQUIRE(refusal_of(path, options) == ErrorCode::refused);
    options.overwrite = Overwrite::force;
    options.forbidden = {medium_identity(path).value()};
    REQUIRE(refusal_of(path, options) == ErrorCode::refused);
    REQUIRE(text_of(read_file(path)) == "old");
    options.forbidden.clear();
    create_image(path, options)->finish();
    REQUIRE(run_tool({"qemu-img", "check", "-f", "qcow2", path}).status == 0);
}

TEST_CASE("create image: '-' is standard output and takes images that are written sequentially", "[formats][create]") {
    const ScratchFolder folder;
    REQUIRE(refusal_of("-", options_of("qcow2", mib(1))) == ErrorCode::usage);
    REQUIRE(refusal_of("-", options_of("vmdk", mib(1))) == ErrorCode::usage);
    REQUIRE_THROWS_WITH(create_image("-", options_of("vmdk", mib(1))), ContainsSubstring("subformat=streamOptimized"));
    REQUIRE(in_child([&] {
                const File out = File::open(folder.file("out"), O_WRONLY | O_CREAT);
                if (::dup2(out.fd(), STDOUT_FILENO) < 0) return false;
                const auto writer = create_image("-", options_of("raw", {70001}));
                writer->write({70000}, Bytes(1, std::byte{8}));
                writer->finish();
                return true;
            }) == 0);
    Bytes expected(70001);
    expected.back() = std::byte{8};
    REQUIRE(first_difference(read_file(folder.file("out")), expected) == std::nullopt);
}
