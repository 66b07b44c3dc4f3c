// Images created with options through create_image(), as qemu-img and the file system report the files.

#include <cstdlib>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/open_image.h"
#include "tests/catch.h"
#include "tests/support/writer_support.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

constexpr ByteCount disk_size = mib(8);

std::unique_ptr<ImageWriter> create(const std::string& path, const std::string& format, OptionMap options,
                                    ByteCount size = disk_size) {
    return create_image(path, {.format = format,
                               .virtual_size = size,
                               .overwrite = Overwrite::refuse,
                               .forbidden = {},
                               .options = std::move(options)});
}

void expect_error(ErrorCode code, const std::string& text, const std::string& path, OptionMap options) {
    try {
        create(path, "qcow2", std::move(options));
        FAIL("expected an error: " << text);
    } catch (const Error& error) {
        CHECK(error.code() == code);
        CHECK_THAT(error.what(), ContainsSubstring(text));
    }
}

/// 64 KiB of data at 1 MiB.
void write_a_little(ImageWriter& writer) {
    writer.write({mib(1).value}, Bytes(65536, std::byte{0x37}));
    writer.finish();
}

std::string succeed(const std::vector<std::string>& command) {
    const ToolResult result = run_tool(command);
    INFO(result.output);
    REQUIRE(result.status == 0);
    return result.output;
}

nlohmann::json map_of(const std::string& path) {
    return nlohmann::json::parse(succeed({"qemu-img", "map", "-f", "qcow2", "--output=json", path}));
}

/// A qcow2 file of 4 MiB with 0x11 in [0, 1M) and [3M, 4M).
void make_base(const std::string& path) {
    const auto writer = create(path, "qcow2", {}, mib(4));
    writer->write({}, Bytes(mib(1).value, std::byte{0x11}));
    writer->write({mib(3).value}, Bytes(mib(1).value, std::byte{0x11}));
    writer->finish();
}

}  // namespace

TEST_CASE("new image: preallocation takes as much space as with qemu-img", "[formats][create][options]") {
    const ScratchFolder folder;
    for (const std::string mode : {"metadata", "falloc", "full"})
        for (const std::string extended : {"off", "on"}) {
            CAPTURE(mode, extended);
            const OptionMap options{{"preallocation", mode}, {"extended_l2", extended}};
            const std::string ours = folder.file("ours-" + mode + extended);
            const std::string theirs = folder.file("theirs-" + mode + extended);
            write_a_little(*create(ours, "qcow2", options));
            succeed({"qemu-img", "create", "-f", "qcow2", "-o", "preallocation=" + mode + ",extended_l2=" + extended,
                     theirs, "8M"});
            succeed({"qemu-img", "check", ours});
            CHECK(std::filesystem::file_size(ours) >= disk_size.value);
            CHECK(std::filesystem::file_size(ours) <= std::filesystem::file_size(theirs) + 65536);
            CHECK(allocated_bytes(ours) <= allocated_bytes(theirs) + 2 * 65536);
            if (mode != "metadata") CHECK(allocated_bytes(ours) >= disk_size.value);
            for (const auto& run : map_of(ours)) CHECK(run.contains("offset"));
        }
}

TEST_CASE("new image: a preallocated raw file has all its blocks", "[formats][create][options]") {
    const ScratchFolder folder;
    for (const std::string mode : {"off", "falloc", "full"}) {
        CAPTURE(mode);
        write_a_little(*create(folder.file(mode), "raw", {{"preallocation", mode}}));
        CHECK(std::filesystem::file_size(folder.file(mode)) == disk_size.value);
        CHECK((allocated_bytes(folder.file(mode)) >= disk_size.value) == (mode != "off"));
        Bytes expected(disk_size.value);
        std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(mib(1).value), 65536, std::byte{0x37});
        CHECK(first_difference(read_file(folder.file(mode)), expected) == std::nullopt);
    }
}

TEST_CASE("new image: an empty disk can be created with every preallocation", "[formats][create][options]") {
    const ScratchFolder folder;
    for (const std::string format : {"raw", "qcow2"})
        for (const std::string mode : {"falloc", "full"}) {
            create(folder.file(format + mode), format, {{"preallocation", mode}}, {})->finish();
            CHECK(run_tool({"qemu-img", "info", "-f", format, folder.file(format + mode)}).status == 0);
        }
}

TEST_CASE("new image: only what differs from the backing file is written", "[formats][create][backing]") {
    const ScratchFolder folder;
    make_base(folder.file("base.qcow2"));
    const std::string path = folder.file("top.qcow2");
    const auto writer = create(path, "qcow2", {{"backing_file", "base.qcow2"}});
    Bytes first(mib(1).value, std::byte{0x11});
    first[70000] = std::byte{0x22};
    writer->write({}, first);                                      // one cluster differs
    writer->write({mib(2).value}, Bytes(mib(1).value));            // zeros, like the base
    writer->zero({{mib(3).value}, {mib(1).value / 2}});            // data in the base
    writer->write({mib(5).value}, Bytes(65536, std::byte{0x33}));  // past its end
    writer->finish();                                              // [3.5M, 4M) not mentioned: data in the base
    succeed({"qemu-img", "check", path});
    std::vector<std::tuple<std::uint64_t, std::uint64_t, bool>> own;
    for (const auto& run : map_of(path))
        if (run.at("depth") == 0 && run.at("present").get<bool>())
            own.push_back({run.at("start"), run.at("length"), run.at("data")});
    CHECK(own == std::vector<std::tuple<std::uint64_t, std::uint64_t, bool>>{
                     {65536, 65536, true}, {mib(3).value, mib(1).value, false}, {mib(5).value, 65536, true}});
    const auto info = nlohmann::json::parse(succeed({"qemu-img", "info", "--output=json", path}));
    CHECK(info.at("backing-filename") == "base.qcow2");
    CHECK(info.at("backing-filename-format") == "qcow2");
    Bytes read(disk_size.value);
    open_image(path)->read({}, read);
    Bytes expected(disk_size.value);
    std::ranges::copy(first, expected.begin());
    std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(mib(5).value), 65536, std::byte{0x33});
    CHECK(first_difference(read, expected) == std::nullopt);
}

TEST_CASE("new image: an equal disk over its own backing file is an empty image", "[formats][create][backing]") {
    const ScratchFolder folder;
    make_base(folder.file("base.qcow2"));
    const auto base = open_image(folder.file("base.qcow2"));
    for (const std::string compat : {"0.10", "1.1"}) {
        const std::string path = folder.file("top-" + compat);
        const auto writer = create(path, "qcow2", {{"backing_file", "base.qcow2"}, {"compat", compat}}, mib(4));
        Bytes bytes(mib(4).value);
        base->read({}, bytes);
        writer->write({}, bytes);
        writer->finish();
        for (const auto& run : map_of(path)) CHECK((run.at("depth") != 0 || !run.at("present").get<bool>()));
        CHECK(std::filesystem::file_size(path) <= 5 * 65536);
        succeed({"qemu-img", "compare", path, folder.file("base.qcow2")});
    }
}

TEST_CASE("new image: the backing file is found beside the image, or at its absolute path",
          "[formats][create][backing]") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("a"));
    std::filesystem::create_directory(folder.file("b"));
    make_base(folder.file("a/base.qcow2"));
    write_a_little(*create(folder.file("a/top"), "qcow2", {{"backing_file", "base.qcow2"}}));
    write_a_little(*create(folder.file("b/top"), "qcow2", {{"backing_file", "../a/base.qcow2"}}));
    write_a_little(*create(folder.file("b/far"), "qcow2", {{"backing_file", folder.file("a/base.qcow2")}}));
    for (const std::string name : {"a/top", "b/top", "b/far"}) {
        CAPTURE(name);
        succeed({"qemu-img", "compare", folder.file("a/top"), folder.file(name)});
    }
}

TEST_CASE("new image: a raw backing file is accepted when it is declared raw", "[formats][create][backing]") {
    const ScratchFolder folder;
    write_file(folder.file("base"), Bytes(100000, std::byte{0x11}));  // not a multiple of a sector
    expect_error(ErrorCode::refused, "backing_fmt=raw", folder.file("top"), {{"backing_file", "base"}});
    const auto writer =
        create(folder.file("top"), "qcow2", {{"backing_file", "base"}, {"backing_fmt", "raw"}}, {200000});
    writer->write({}, Bytes(100000, std::byte{0x11}));
    writer->finish();
    for (const auto& run : map_of(folder.file("top"))) CHECK((run.at("depth") != 0 || !run.at("present").get<bool>()));
}

TEST_CASE("new image: the backing file may be of any format that is read", "[formats][create][backing]") {
    const ScratchFolder folder;
    make_base(folder.file("base.qcow2"));
    Bytes changed(mib(4).value);
    open_image(folder.file("base.qcow2"))->read({}, changed);
    std::fill_n(changed.begin() + 200000, 10, std::byte{0x44});
    write_file(folder.file("changed.raw"), changed);
    for (const std::string format : {"raw", "qcow2", "vmdk", "vpc", "vdi"}) {
        CAPTURE(format);
        succeed({"qemu-img", "convert", "-O", format, folder.file("base.qcow2"), folder.file("of." + format)});
        const std::string path = folder.file("over-" + format);
        const OptionMap named{{"backing_file", "of." + format}, {"backing_fmt", format}};
        const auto writer = create(path, "qcow2", named, mib(4));
        writer->write({}, changed);
        writer->finish();
        const auto info = nlohmann::json::parse(succeed({"qemu-img", "info", "--output=json", path}));
        CHECK(info.at("backing-filename-format") == format);
        std::uint64_t own = 0;
        for (const auto& run : map_of(path))
            if (run.at("depth") == 0 && run.at("present").get<bool>()) own += run.at("length").get<std::uint64_t>();
        CHECK(own == 65536);
        succeed({"qemu-img", "compare", "-f", "qcow2", "-F", "raw", path, folder.file("changed.raw")});
        Bytes read(mib(4).value);
        open_image(path)->read({}, read);
        CHECK(first_difference(read, changed) == std::nullopt);
    }
    expect_error(ErrorCode::corrupt, "of.raw", folder.file("top"),
                 {{"backing_file", "of.raw"}, {"backing_fmt", "vdi"}});
}

TEST_CASE("new image: a backing file that is missing or not a path is refused", "[formats][create][backing]") {
    const ScratchFolder folder;
    make_base(folder.file("base.qcow2"));
    const std::string path = folder.file("top");
    expect_error(ErrorCode::not_found, "gone", path, {{"backing_file", "gone"}});
    expect_error(ErrorCode::refused, "protocol", path, {{"backing_file", "nbd:host:1"}});
    expect_error(ErrorCode::refused, "protocol", path, {{"backing_file", "json:{}"}});
    write_file(folder.file("d.raw"), Bytes(4096));
    expect_error(ErrorCode::corrupt, "d.raw", path, {{"backing_file", "d.raw"}, {"backing_fmt", "qcow2"}});
    std::filesystem::create_directory(folder.file("d"));
    std::string deep = "d/..";
    while (deep.size() < 1100) deep += "/d/..";
    expect_error(ErrorCode::usage, "1023", path, {{"backing_file", deep + "/base.qcow2"}});
    expect_error(ErrorCode::usage, "room for", path,
                 {{"backing_file", deep.substr(0, 500) + "/base.qcow2"}, {"cluster_size", "512"}});
    CHECK(folder.names() == std::vector<std::string>{"base.qcow2", "d", "d.raw"});
}

TEST_CASE("new image: an image never replaces a file of its backing chain", "[formats][create][backing]") {
    const ScratchFolder folder;
    make_base(folder.file("base.qcow2"));
    write_a_little(*create(folder.file("middle"), "qcow2", {{"backing_file", "base.qcow2"}}));
    std::filesystem::create_hard_link(folder.file("base.qcow2"), folder.file("link"));
    for (const std::string target : {"middle", "base.qcow2", "link"}) {
        CAPTURE(target);
        CreateOptions options{.format = "qcow2",
                              .virtual_size = disk_size,
                              .overwrite = Overwrite::force,
                              .forbidden = {},
                              .options = {{"backing_file", "middle"}}};
        CHECK_THROWS_WITH(create_image(folder.file(target), options), ContainsSubstring("chain"));
    }
}

TEST_CASE("new image: compression makes the image smaller, and no larger where it can't",
          "[formats][create][options]") {
    const ScratchFolder folder;
    Bytes text(mib(4).value);
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<std::byte>("0123456789abcdef"[i * i / 7 % 16]);
    Bytes noise(mib(4).value);
    std::uint64_t state = 1;
    for (std::byte& byte : noise) byte = static_cast<std::byte>((state = state * 6364136223846793005u + 1) >> 56);
    for (const std::string type : {"zlib", "zstd"}) {
        CAPTURE(type);
        const OptionMap options{{"compress", "on"}, {"compression_type", type}};
        const auto writer = create(folder.file(type), "qcow2", options);
        writer->write({}, text);
        writer->write({mib(4).value}, noise);
        writer->finish();
        succeed({"qemu-img", "check", folder.file(type)});
        CHECK(std::filesystem::file_size(folder.file(type)) < mib(4).value + mib(2).value);
        succeed({"qemu-img", "convert", "-O", "raw", folder.file(type), folder.file("raw")});
        const Bytes raw = read_file(folder.file("raw"));
        CHECK(first_difference(ByteView(raw).first(text.size()), text) == std::nullopt);
        CHECK(first_difference(ByteView(raw).subspan(text.size()), noise) == std::nullopt);
    }
}
