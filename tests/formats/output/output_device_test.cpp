#include "formats/output/output_device.h"

#include <fcntl.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "formats/create_image.h"
#include "formats/raw/writer.h"
#include "tests/contract/image_writer_contract.h"

using namespace varve;
using namespace varve::writer_test;

namespace {

/// The old content of a device, none of which may show through.
Bytes old_bytes(ByteCount length) { return Bytes(length.value, std::byte{0xee}); }

/// `rest`: what the bytes past the image are afterwards.
void check_image_onto(const contract::Pattern& pattern, const std::string& device, ByteCount device_size,
                      const std::function<std::unique_ptr<ImageWriter>()>& open, DeviceRest rest = DeviceRest::kept) {
    File::open(device, O_WRONLY).write_all({}, old_bytes(device_size));
    {
        const auto writer = open();
        contract::play(*writer, pattern);
        writer->finish();
    }
    const File file = File::open(device, O_RDONLY);
    Bytes found(device_size.value);
    file.read_exactly({}, found);
    Bytes expected = pattern.guest;
    if (rest == DeviceRest::zeroed) expected.resize(device_size.value);
    const Bytes old = old_bytes(device_size - ByteCount{expected.size()});
    expected.insert(expected.end(), old.begin(), old.end());
    REQUIRE(first_difference(found, expected) == std::nullopt);
}

/// A loop device over a file, for the hidden test; empty where the system can't make one.
class LoopDevice {
public:
    explicit LoopDevice(const std::string& backing) {
        const auto result = run_tool({"losetup", "-f", "--show", backing});
        if (result.status == 0) path_ = result.output.substr(0, result.output.find('\n'));
    }
    ~LoopDevice() {
        if (!path_.empty()) run_tool({"losetup", "-d", path_});
    }
    LoopDevice(const LoopDevice&) = delete;
    LoopDevice& operator=(const LoopDevice&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

TEST_CASE("output device: no old byte shows through, and none past the image changes", "[formats][output]") {
    const ScratchFolder folder;
    const std::string path = folder.file("device");
    write_file(path, {});
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, mib(1).value, mib(3).value + 513}) {
        CAPTURE(size);
        const contract::Pattern pattern = contract::random_pattern({size}, 5, 400000);
        check_image_onto(pattern, path, mib(4),
                         [&] { return raw::create_writer(output_onto(File::open(path, O_RDWR)), {size}); });
    }
}

TEST_CASE("output device: the bytes past the image are cleared on request, up to the last one", "[formats][output]") {
    const ScratchFolder folder;
    const std::string path = folder.file("device");
    write_file(path, {});
    for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{513}, mib(3).value + 513, mib(4).value}) {
        CAPTURE(size);
        check_image_onto(
            contract::random_pattern({size}, 7, 400000), path, mib(4),
            [&] { return raw::create_writer(output_onto(File::open(path, O_RDWR), DeviceRest::zeroed), {size}); },
            DeviceRest::zeroed);
    }
}

TEST_CASE("output device: a device that is too small is refused before any byte is written", "[formats][output]") {
    const ScratchFolder folder;
    const std::string path = folder.file("device");
    write_file(path, old_bytes(mib(1)));
    REQUIRE_THROWS_WITH(raw::create_writer(output_onto(File::open(path, O_RDWR)), mib(1) + ByteCount{1}),
                        ContainsSubstring("1048577") && ContainsSubstring("1048576"));
    REQUIRE(first_difference(read_file(path), old_bytes(mib(1))) == std::nullopt);
}

TEST_CASE("output device: files, links outside /dev and missing paths are not devices", "[formats][output]") {
    const ScratchFolder folder;
    write_file(folder.file("file"), {});
    std::filesystem::create_symlink("/dev/null", folder.file("link"));
    for (const auto& path : {folder.file("file"), folder.file("link"), folder.file("absent"), std::string("/dev/null")})
        REQUIRE_FALSE(names_block_device(path));
}

// Needs root and a loop device, so it is hidden: run it by its tag, tests_formats "[loop]".
TEST_CASE("output device: a real block device takes an image, and is safe without force", "[.][loop]") {
    const ScratchFolder folder;
    const std::string backing = folder.file("backing");
    write_file(backing, old_bytes(mib(16)));
    const LoopDevice loop(backing);
    REQUIRE_FALSE(loop.path().empty());
    const contract::Pattern pattern = contract::random_pattern(mib(9) + ByteCount{513}, 6, 2000000);
    CreateOptions options{
        .format = "raw", .virtual_size = {pattern.guest.size()}, .overwrite = Overwrite::force, .forbidden = {}};
    const auto open = [&] { return create_image(loop.path(), options); };

    SECTION("bytes, zeros and the rest are right") { check_image_onto(pattern, loop.path(), mib(16), open); }
    SECTION("the rest is cleared on request") {
        options.device_rest = DeviceRest::zeroed;
        check_image_onto(pattern, loop.path(), mib(16), open, DeviceRest::zeroed);
    }
    SECTION("an empty image is zeroed by the device itself") {
        options.virtual_size = mib(16);
        const auto writer = open();
        writer->finish();
        REQUIRE(writer->bytes_written() == ByteCount{0});
        REQUIRE(is_zero(read_file(loop.path())));
    }
    SECTION("a link inside /dev is followed, one outside is not") {
        const std::string link = "/dev/varve-test-" + std::to_string(::getpid());
        std::filesystem::create_symlink(loop.path(), link);
        REQUIRE(names_block_device(link));
        std::filesystem::remove(link);
        std::filesystem::create_symlink(loop.path(), folder.file("link"));
        REQUIRE_THROWS_WITH(create_image(folder.file("link"), options), ContainsSubstring("symbolic link"));
    }
    SECTION("refused: without force, as the source, as qcow2, too small") {
        options.overwrite = Overwrite::refuse;
        REQUIRE_THROWS_WITH(open(), ContainsSubstring("--force"));
        options.overwrite = Overwrite::force;
        options.forbidden = {medium_identity(loop.path()).value()};
        REQUIRE_THROWS_WITH(open(), ContainsSubstring("is the source, or a file that"));
        options.forbidden.clear();
        options.format = "qcow2";
        REQUIRE_THROWS_WITH(open(), ContainsSubstring("raw images only"));
        options.format = "raw";
        options.virtual_size = mib(17);
        REQUIRE_THROWS_WITH(open(), ContainsSubstring("too small"));
        REQUIRE(first_difference(read_file(backing), old_bytes(mib(16))) == std::nullopt);
    }
    SECTION("one that is mounted or held is refused") {
        const File held = File::open(loop.path(), O_RDONLY | O_EXCL);
        REQUIRE_THROWS_WITH(open(), ContainsSubstring("is in use"));
    }
}
