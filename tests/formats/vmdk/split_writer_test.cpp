// Images of several files. Offsets and values are from the specification, not from the writer.

#include "formats/vmdk/split_writer.h"

#include <fcntl.h>
#include <sys/resource.h>

#include "engine/image/compare_images.h"
#include "engine/image/copy_image.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/open_image.h"
#include "formats/vmdk/new_extents.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/fakes/memory_output_files.h"

namespace varve::split_writer_test {

using namespace writer_test;

namespace {

constexpr std::uint64_t sector = 512;
constexpr std::uint64_t piece = 4192256 * sector;  // VMware's
const std::string some_uuid = "6000c29b-5c3a-1f4e-8d7c-0123456789ab";

using Names = std::vector<std::string>;

const Names subformats{"monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "vmfs"};

std::unique_ptr<ImageWriter> create(const std::string& path, const std::string& subformat, ByteCount virtual_size,
                                    const OptionMap& more = {}, Overwrite overwrite = Overwrite::refuse) {
    OptionMap options = more;
    options["subformat"] = subformat;
    return create_image(path,
                        {.format = "vmdk", .virtual_size = virtual_size, .overwrite = overwrite, .options = options});
}

contract::WriterKind kind_of(const std::string& subformat, const std::string& data_file, const OptionMap& more = {}) {
    const bool is_sparse = subformat == "twoGbMaxExtentSparse";
    return {.format = "vmdk",
            .cluster = is_sparse ? kib(64) : kib(4),
            .tells_zero = more.contains("zeroed_grain"),
            .create = [=](const std::string& path, ByteCount size) { return create(path, subformat, size, more); },
            .round_up_size = {},
            .size_unit = {sector},
            .data_file = data_file,
            .is_flat = !is_sparse};
}

std::unique_ptr<ImageReader> open_vmdk(const std::string& path) {
    OpenOptions options;
    options.image.format = "vmdk";
    return open_image(path, options);
}

/// Ranges of a disk that are data, each of one byte's value.
using Runs = std::vector<ByteRange>;

void write_runs(ImageWriter& writer, const Runs& runs) {
    int fill = 1;
    for (const ByteRange& run : runs) writer.write(run.begin, Bytes(run.length.value, static_cast<std::byte>(fill++)));
    writer.finish();
}

/// Compares the image at `path`, as varve and qemu-img read it, with a raw one of the same runs.
void check_runs(const ScratchFolder& folder, const std::string& path, ByteCount size, const Runs& runs) {
    const std::string raw = folder.file("expected.raw");
    std::filesystem::remove(raw);
    write_runs(*create_image(raw, {.format = "raw", .virtual_size = size}), runs);
    const auto result = run_tool({"qemu-img", "compare", "-f", "raw", "-F", "vmdk", raw, path});
    CAPTURE(result.output);
    CHECK(result.status == 0);
    CHECK_THAT(run_tool({"qemu-img", "info", "-f", "vmdk", path}).output,
               ContainsSubstring(" (" + std::to_string(size.value) + " bytes)"));
    const auto expected = open_image(raw, {{.format = "raw"}});
    const auto image = open_vmdk(path);
    CHECK(image->info().virtual_size == size);
    CHECK(image->info().warnings.empty());
    NoProgress progress;
    CHECK(compare_images(*expected, *image, CompareDetail::everything, progress, {}).same());
    std::uint64_t data = 0;
    for (ByteOffset at; at < ByteOffset{} + size;) {
        const Extent extent = image->extent_at(at);
        if (extent.kind == ExtentKind::data) data += extent.length.value;
        at = extent.end();
    }
    CHECK(data <= runs.size() * 3 * kib(64).value);
}

/// Data at the beginning and end of the disk, and around every border between pieces.
Runs runs_of(std::uint64_t size) {
    Runs runs{{{}, {700}}};
    for (std::uint64_t border = piece; border < size; border += piece) {
        const std::uint64_t end = std::min(border + 70000, size);
        runs.push_back({{border - 3000}, {end - border + 3000}});
    }
    if (runs.back().end().value + sector <= size) runs.push_back({{size - sector}, {sector}});
    return runs;
}

std::string text_at(const std::string& path) { return std::string(text_of(read_file(path))); }

std::string extents_in(const std::string& path) {
    const std::string text = text_at(path);
    const std::size_t begin = text.find("\nRW ") + 1;
    return text.substr(begin, text.find("\n\n", begin) + 1 - begin);
}

Names names_for(const std::string& subformat, ByteCount size, const std::string& name) {
    Names names;
    const OptionMap options{{"subformat", subformat}};
    for (const auto& extent : vmdk::describe_files(vmdk::parse_creation_options(options), size, name).extents)
        names.push_back(extent.file_name);
    return names;
}

template <typename Action>
std::string error_of(ErrorCode code, const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    FAIL("expected an error");
    throw std::logic_error("not reached");
}

}  // namespace

TEST_CASE("vmdk files: a flat image keeps the contract", "[vmdk-files][contract]") {
    contract::check_image_writer(kind_of("monolithicFlat", "image-flat.vmdk"));
}

TEST_CASE("vmdk files: a flat image for ESXi keeps the contract", "[vmdk-files][contract]") {
    contract::check_image_writer(kind_of("vmfs", "image-flat.vmdk"));
}

TEST_CASE("vmdk files: a split flat image keeps the contract", "[vmdk-files][contract]") {
    contract::check_image_writer(kind_of("twoGbMaxExtentFlat", "image-f001.vmdk"));
}

TEST_CASE("vmdk files: a split sparse image keeps the contract", "[vmdk-files][contract]") {
    contract::check_image_writer(kind_of("twoGbMaxExtentSparse", "image-s001.vmdk"));
}

TEST_CASE("vmdk files: a split sparse image keeps the contract with zeroed grains", "[vmdk-files][contract]") {
    contract::check_image_writer(kind_of("twoGbMaxExtentSparse", "image-s001.vmdk", {{"zeroed_grain", "on"}}));
}

TEST_CASE("vmdk files: their names are those of qemu-img and VMware", "[vmdk-files]") {
    CHECK(names_for("monolithicFlat", mib(1), "a.vmdk") == Names{"a-flat.vmdk"});
    CHECK(names_for("vmfs", mib(1), "a.b.VMDK") == Names{"a.b-flat.vmdk"});
    CHECK(names_for("monolithicFlat", mib(1), "a.img") == Names{"a.img-flat.vmdk"});
    CHECK(names_for("monolithicFlat", mib(1), "vmdk") == Names{"vmdk-flat.vmdk"});
    CHECK(names_for("twoGbMaxExtentFlat", mib(1), "a.vmdk") == Names{"a-f001.vmdk"});
    const Names many = names_for("twoGbMaxExtentSparse", {piece * 1000 + sector}, "a.vmdk");
    REQUIRE(many.size() == 1001);
    CHECK(many[0] == "a-s001.vmdk");
    CHECK(many[98] == "a-s099.vmdk");
    CHECK(many[1000] == "a-s1001.vmdk");
}

TEST_CASE("vmdk files: the descriptor lists kind, lengths and names", "[vmdk-files]") {
    const ScratchFolder folder;
    const ByteCount size{piece + 2048 * sector};
    const auto extents = [&](const std::string& subformat) {
        const std::string path = folder.file(subformat + ".vmdk");
        create(path, subformat, size, {{"hwversion", "13"}})->finish();
        const std::string text = text_at(path);
        CHECK(text.starts_with("# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID="));
        for (const std::string& line :
             {std::string("parentCID=ffffffff"), "createType=\"" + subformat + "\"",
              std::string("ddb.adapterType = \"lsilogic\""), std::string("ddb.geometry.sectors = \"63\""),
              std::string("ddb.virtualHWVersion = \"13\"")})
            CHECK_THAT(text, ContainsSubstring("\n" + line + "\n"));
        return extents_in(path);
    };
    CHECK(extents("monolithicFlat") == "RW 4194304 FLAT \"monolithicFlat-flat.vmdk\" 0\n");
    CHECK(extents("vmfs") == "RW 4194304 VMFS \"vmfs-flat.vmdk\"\n");
    CHECK(extents("twoGbMaxExtentFlat") ==
          "RW 4192256 FLAT \"twoGbMaxExtentFlat-f001.vmdk\" 0\nRW 2048 FLAT \"twoGbMaxExtentFlat-f002.vmdk\" 0\n");
    CHECK(extents("twoGbMaxExtentSparse") ==
          "RW 4192256 SPARSE \"twoGbMaxExtentSparse-s001.vmdk\"\n"
          "RW 2048 SPARSE \"twoGbMaxExtentSparse-s002.vmdk\"\n");
}

TEST_CASE("vmdk files: a file of grains has its own capacity and no descriptor", "[vmdk-files]") {
    const ScratchFolder folder;
    const auto writer = create(folder.file("a.vmdk"), "twoGbMaxExtentSparse", {piece + 200 * sector});
    writer->write({piece + 65536}, Bytes(5, std::byte{9}));
    writer->finish();
    const auto field = [&](const Bytes& image, std::uint64_t at, bool is_long = true) {
        return is_long ? load_le<std::uint64_t>(ByteView(image).subspan(at, 8))
                       : load_le<std::uint32_t>(ByteView(image).subspan(at, 4));
    };
    const Bytes first = read_file(folder.file("a-s001.vmdk"));
    const Bytes second = read_file(folder.file("a-s002.vmdk"));
    for (const Bytes& image : {first, second}) {
        CHECK(text_of(ByteView(image).first(4)) == "KDMV");
        CHECK(field(image, 4, false) == 1);
        CHECK(field(image, 8, false) == 3);
        CHECK(field(image, 20) == 128);
        CHECK(field(image, 28) == 0);
        CHECK(field(image, 36) == 0);
        CHECK(field(image, 44, false) == 512);
        CHECK(field(image, 48) == 1);
    }
    CHECK(field(first, 12) == 4192256);
    CHECK(field(second, 12) == 200);
    // The directory of 64 tables takes a sector, each table four; then the same again.
    CHECK(field(first, 56) == 1 + 1 + 64 * 4);
    CHECK(field(first, 64) == 640);
    CHECK(first.size() == 640 * sector);
    CHECK(field(second, 56) == 6);
    CHECK(field(second, 64) == 128);
    CHECK(second.size() == 256 * sector);
    CHECK(field(second, 7 * sector + 4, false) == 128);  // the second grain is the first of the file
    CHECK(field(second, 2 * sector + 4, false) == 128);
}

TEST_CASE("vmdk files: data around the borders of pieces is written to the right place", "[vmdk-files]") {
    for (const std::string& subformat : subformats)
        for (const std::uint64_t size : {piece - sector, piece, piece + sector, 3 * piece + 65536 + 3 * sector}) {
            CAPTURE(subformat, size);
            const ScratchFolder folder;
            const Runs runs = runs_of(size);
            const auto writer = create(folder.file("a.vmdk"), subformat, {size});
            write_runs(*writer, runs);
            CHECK(writer->bytes_written() < mib(3));
            check_runs(folder, folder.file("a.vmdk"), {size}, runs);
        }
}

TEST_CASE("vmdk files: one write() or zero() may span several of them", "[vmdk-files]") {
    const ScratchFolder folder;
    const ByteCount size{2 * piece + 70000 * sector};
    const auto writer = create(folder.file("a.vmdk"), "twoGbMaxExtentSparse", size, {{"zeroed_grain", "on"}});
    writer->zero({{piece - 65536}, {piece + 2 * 65536}});
    writer->finish();
    const auto image = open_vmdk(folder.file("a.vmdk"));
    CHECK(image->extent_at({piece - 65537}).kind == ExtentKind::unallocated);
    for (const std::uint64_t at : {piece - 65536, piece, 2 * piece - 1, 2 * piece + 65535})
        CHECK(image->extent_at({at}).kind == ExtentKind::zero);
    CHECK(image->extent_at({2 * piece + 65536}).kind == ExtentKind::unallocated);
    CHECK(image->info().options.at("zeroed_grain") == "on");
}

TEST_CASE("vmdk files: parts without data have files that take almost no space", "[vmdk-files]") {
    for (const std::string& subformat : subformats) {
        CAPTURE(subformat);
        const ScratchFolder folder;
        const ByteCount size{5 * piece};
        create(folder.file("a.vmdk"), subformat, size)->finish();
        std::uint64_t allocated = 0;
        for (const std::string& name : folder.names()) allocated += allocated_bytes(folder.file(name));
        CHECK(folder.names().size() == (subformat.starts_with("two") ? 6 : 2));
        CHECK(allocated < kib(100).value);
        check_runs(folder, folder.file("a.vmdk"), size, {});
    }
}

TEST_CASE("vmdk files: 4 TiB in pieces need no more than 256 open files", "[vmdk-files]") {
    const ScratchFolder folder;
    const std::uint64_t size = std::uint64_t{4} << 40;
    const Runs runs{{{0}, {512}}, {{piece - 512}, {1024}}, {{1000 * piece}, {65536}}, {{size - 512}, {512}}};
    REQUIRE(in_child([&] {
                const rlimit few{256, 256};
                if (::setrlimit(RLIMIT_NOFILE, &few) != 0) return false;
                write_runs(*create(folder.file("a.vmdk"), "twoGbMaxExtentSparse", {size}), runs);
                return true;
            }) == 0);
    CHECK(folder.names().size() == 2051);
    const auto image = open_vmdk(folder.file("a.vmdk"));
    CHECK(image->info().virtual_size == ByteCount{size});
    for (std::size_t i = 0; i < runs.size(); ++i) {
        Bytes bytes(runs[i].length.value);
        image->read(runs[i].begin, bytes);
        CHECK(bytes == Bytes(runs[i].length.value, static_cast<std::byte>(i + 1)));
    }
    const auto result =
        run_tool({"qemu-io", "-r", "-f", "vmdk", "-c", "read -P 2 2146434560 1024", "-c", "read -P 4 4398046510592 512",
                  "-c", "read -P 0 4398046510080 512", folder.file("a.vmdk")});
    CAPTURE(result.output);
    CHECK(result.status == 0);
    CHECK_THAT(result.output, !ContainsSubstring("failed"));
}

TEST_CASE("vmdk files: a fixed uuid gives the same bytes again", "[vmdk-files]") {
    for (const std::string& subformat : subformats) {
        const ScratchFolder folder;
        for (const std::string name : {"a", "b"}) {
            std::filesystem::create_directory(folder.file(name));
            const auto writer = create(folder.file(name + "/x.vmdk"), subformat, mib(3), {{"uuid", some_uuid}});
            write_runs(*writer, {{{70000}, {70000}}});
        }
        CHECK(run_tool({"diff", "-r", folder.file("a"), folder.file("b")}).status == 0);
        CHECK_THAT(text_at(folder.file("a/x.vmdk")), ContainsSubstring("ddb.uuid.image = \"" + some_uuid + "\"\n"));
    }
}

TEST_CASE("vmdk files: impossible sizes and names are refused before anything is written", "[vmdk-files]") {
    const ScratchFolder folder;
    const auto refusal = [&](const std::string& name, const std::string& subformat, ByteCount size) {
        return error_of(ErrorCode::unsupported, [&] { create(folder.file(name), subformat, size); });
    };
    for (const std::string& subformat : subformats) {
        CHECK_THAT(refusal("a", subformat, {}), ContainsSubstring("0 bytes"));
        CHECK_THAT(refusal("a", subformat, {513}), ContainsSubstring("sectors of 512"));
        CHECK_THAT(refusal("a", subformat, mib(64 << 20) + ByteCount{512}), ContainsSubstring("too large"));
        for (const std::string& name :
             {std::string("a\"b.vmdk"), std::string("a\nb"), std::string("\xff"), std::string(246, 'a')})
            CHECK_THAT(refusal(name, subformat, mib(1)), ContainsSubstring("choose another name"));
    }
    CHECK_THAT(refusal("a.vmdk", "twoGbMaxExtentSparse", mib(64 << 20)), ContainsSubstring("choose another subformat"));
    CHECK(folder.names().empty());
    const std::string longest(245, 'n');
    create(folder.file(longest), "twoGbMaxExtentSparse", mib(1))->finish();
    CHECK(folder.names() == Names{longest, longest + "-s001.vmdk"});
    CHECK(read_file(folder.file(longest + "-s001.vmdk")).size() == 65536);
}

TEST_CASE("vmdk files: data files are never replaced, the descriptor only with force", "[vmdk-files]") {
    for (const std::string& subformat : subformats) {
        CAPTURE(subformat);
        const ScratchFolder folder;
        const std::string path = folder.file("a.vmdk");
        const std::string data = folder.file(names_for(subformat, mib(1), "a.vmdk")[0]);
        write_file(path, bytes_of("old"));
        CHECK_THAT(error_of(ErrorCode::refused, [&] { create(path, subformat, mib(1)); }),
                   ContainsSubstring("--force to overwrite"));
        create(path, subformat, mib(1), {}, Overwrite::force)->finish();
        const Bytes image = read_file(path);
        const Bytes bytes = read_file(data);
        const std::string what =
            error_of(ErrorCode::refused, [&] { create(path, subformat, mib(2), {}, Overwrite::force); });
        CHECK_THAT(what, ContainsSubstring("'" + data + "' exists") && ContainsSubstring("remove it"));
        CHECK(read_file(path) == image);
        CHECK(read_file(data) == bytes);
        std::filesystem::remove(data);
        create(path, subformat, mib(2), {}, Overwrite::force)->finish();
        CHECK(open_vmdk(path)->info().virtual_size == mib(2));
    }
}

TEST_CASE("vmdk files: a file created concurrently under one of the names stays, and ours are removed",
          "[vmdk-files]") {
    for (const std::string& subformat : subformats)
        for (const bool is_data_file : {false, true}) {
            CAPTURE(subformat, is_data_file);
            const ScratchFolder folder;
            const ByteCount size{2 * piece};
            const std::string name = is_data_file ? names_for(subformat, size, "a.vmdk").back() : "a.vmdk";
            {
                const auto writer = create(folder.file("a.vmdk"), subformat, size);
                writer->write({70000}, Bytes(70000, std::byte{1}));
                write_file(folder.file(name), bytes_of("other"));
                error_of(ErrorCode::refused, [&] { writer->finish(); });
            }
            CHECK(folder.names() == Names{name});
            CHECK(text_at(folder.file(name)) == "other");
        }
}

TEST_CASE("vmdk files: they go into the open folder, even if the path now leads elsewhere", "[vmdk-files]") {
    const ScratchFolder folder;
    std::filesystem::create_directory(folder.file("dir"));
    const File dir = File::open(folder.file("dir"), O_RDONLY | O_DIRECTORY);
    const auto writer = create_image(
        "elsewhere/a.vmdk",
        {.format = "vmdk", .virtual_size = mib(1), .options = {{"subformat", "monolithicFlat"}}, .folder = &dir});
    writer->finish();
    CHECK(std::filesystem::exists(folder.file("dir/a.vmdk")));
    CHECK(std::filesystem::file_size(folder.file("dir/a-flat.vmdk")) == mib(1).value);
    CHECK(folder.names() == Names{"dir"});
}

TEST_CASE("vmdk files: an I/O error at any call is reported, and nothing is committed", "[vmdk-files]") {
    for (const std::string& subformat : subformats)
        for (std::size_t fail_at = 0;; ++fail_at) {
            CAPTURE(subformat, fail_at);
            const auto files = std::make_shared<MemoryFiles>();
            files->fail_at = fail_at;
            const OptionMap options{{"subformat", subformat}};
            vmdk::NewDescriptor disk = vmdk::describe_files(vmdk::parse_creation_options(options), mib(3), "a.vmdk");
            if (subformat.starts_with("two")) {
                disk.extents.front().length = mib(1);
                disk.extents.push_back({disk.extents.front().kind, mib(2), "a-2.vmdk"});
            }
            try {
                const auto writer =
                    vmdk::create_split_writer(std::make_unique<MemoryOutputFiles>(files), std::move(disk));
                writer->write({mib(1).value - 100}, Bytes(70000, std::byte{1}));
                writer->finish();
            } catch (const Error& error) {
                CHECK(error.code() == ErrorCode::io);
                CHECK_FALSE(files->committed);
                continue;
            }
            CHECK(files->committed);
            for (const auto& part : files->parts) CHECK(part->committed);
            CHECK(fail_at > 4);
            break;
        }
}

TEST_CASE("vmdk files: an image restored from one has the same subformat", "[vmdk-files][options]") {
    for (const std::string& subformat : subformats) {
        CAPTURE(subformat);
        const ScratchFolder folder;
        create(folder.file("a.vmdk"), subformat, mib(3), {{"adapter_type", "ide"}})->finish();
        const OptionMap recorded = open_vmdk(folder.file("a.vmdk"))->info().options;
        const OptionMap options = with_recorded_options("vmdk", {}, recorded);
        CHECK(options.at("subformat") == subformat);
        CHECK(options.at("adapter_type") == "ide");
        CHECK_FALSE(is_streamed("vmdk", options));
        create_image(folder.file("b.vmdk"), {.format = "vmdk", .virtual_size = mib(3), .options = options})->finish();
        CHECK(open_vmdk(folder.file("b.vmdk"))->info().options == recorded);
        const auto info = run_tool({"qemu-img", "info", "-f", "vmdk", folder.file("b.vmdk")});
        CHECK_THAT(info.output, ContainsSubstring("create type: " + subformat));
    }
}

}  // namespace varve::split_writer_test
