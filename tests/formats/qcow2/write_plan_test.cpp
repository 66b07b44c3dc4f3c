// Every choice of qcow2 creation options, with random calls: qemu-img finds the image clean and reports the same bytes
// and kinds, and so does varve's own reader.

#include "tests/fuzz/write_check.h"

#include <fcntl.h>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "formats/open_image.h"
#include "tests/catch.h"
#include "tests/support/long_test.h"
#include "tests/support/writer_support.h"

using namespace varve;
using namespace varve::fuzz;
using namespace varve::writer_test;

namespace {

std::string describe(const WritePlan& plan) {
    std::string text = "size=" + std::to_string(plan.guest.size());
    for (const auto& [word, value] : plan.options) text += " " + word + "=" + value;
    return text;
}

std::string run(const std::vector<std::string>& command) {
    const ToolResult result = run_tool(command);
    INFO(command[1] << ": " << result.output);
    REQUIRE(result.status == 0);
    return result.output;
}

/// qemu (7.2) sees whole sectors only.
void show_all_to_qemu(const WritePlan& plan, const std::string& path) {
    constexpr ByteOffset size_field{24};
    Bytes field(8);
    store_be<std::uint64_t>(field, divide_up(plan.guest.size(), 512) * 512);
    File::open(path, O_WRONLY).write_all(size_field, field);
}

void check_clean(const std::string& path) {
    const auto report = nlohmann::json::parse(run({"qemu-img", "check", "-f", "qcow2", "--output=json", path}));
    CAPTURE(report.dump());
    REQUIRE(report.at("check-errors") == 0);
    REQUIRE(report.value("leaks", 0) == 0);
    REQUIRE(report.value("corruptions", 0) == 0);
}

void check_info(const WritePlan& plan, const std::string& path) {
    const qcow2::CreationOptions options = qcow2::parse_options(plan.options);
    const auto info = nlohmann::json::parse(run({"qemu-img", "info", "--output=json", path}));
    const auto& data = info.at("format-specific").at("data");
    CAPTURE(info.dump());
    REQUIRE(info.at("cluster-size") == options.cluster_size().value);
    REQUIRE(data.at("compat") == (options.version == 2 ? "0.10" : "1.1"));
    REQUIRE(data.at("refcount-bits") == options.refcount_bits);
    REQUIRE(data.at("compression-type") == (options.compression == qcow2::Compression::zstd ? "zstd" : "zlib"));
    REQUIRE(data.value("extended-l2", false) == options.extended_l2);
    REQUIRE(data.value("lazy-refcounts", false) == options.lazy_refcounts);
    REQUIRE(info.value("backing-filename", "") == options.backing_file.value_or(""));
    REQUIRE(info.value("backing-filename-format", "") == options.backing_format.value_or(""));
}

Bytes read_by_qemu(const std::string& path, const std::string& raw) {
    run({"qemu-img", "convert", "-f", "qcow2", "-O", "raw", path, raw});
    return read_file(raw);
}

/// The kind of each unit of the top image; unallocated: the backing image shows through.
std::vector<ExtentKind> kinds_by_qemu(const WritePlan& plan, const std::string& path) {
    const std::uint64_t unit = qcow2::parse_options(plan.options).unit().value;
    std::vector<ExtentKind> kinds(divide_up(plan.guest.size(), unit), ExtentKind::unallocated);
    for (const auto& run : nlohmann::json::parse(run({"qemu-img", "map", "-f", "qcow2", "--output=json", path}))) {
        if (run.at("depth") != 0 || !run.at("present").get<bool>()) continue;
        const std::uint64_t begin = run.at("start");
        const std::uint64_t end = begin + run.at("length").get<std::uint64_t>();
        const bool is_data = run.at("data");
        for (std::uint64_t i = begin / unit; i * unit < end; ++i)
            kinds.at(i) = is_data ? ExtentKind::data : ExtentKind::zero;
    }
    return kinds;
}

void write_backing(const WritePlan& plan, const ScratchFolder& folder) {
    if (!plan.backing) return;
    write_file(folder.file("base.raw"), plan.backing->bytes());
    run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", folder.file("base.raw"), folder.file("base.qcow2")});
}

void check_plan(const WritePlan& plan) {
    const ScratchFolder folder;
    const std::string path = folder.file("image.qcow2");
    write_backing(plan, folder);
    write_file(path, write_image(plan));
    check_clean(path);
    check_info(plan, path);
    show_all_to_qemu(plan, path);
    const Bytes read = read_by_qemu(path, folder.file("read.raw"));
    REQUIRE(read.size() == divide_up(plan.guest.size(), 512) * 512);
    REQUIRE(first_difference(ByteView(read).first(plan.guest.size()), plan.guest) == std::nullopt);
    if (plan.guest.size() % 512 == 0) REQUIRE(kinds_by_qemu(plan, path) == expected_kinds(plan));
}

}  // namespace

TEST_CASE("write plan: every choice of options makes an image that qemu-img reads back", "[formats][qcow2][plan]") {
    const char* const more = std::getenv("VARVE_WRITE_PLANS");
    const std::uint32_t few = is_sanitized ? 60 : 150;  // in 60, each choice below is seen
    const std::uint32_t seeds = more != nullptr ? static_cast<std::uint32_t>(std::atoi(more)) : few;
    std::map<std::string, int> seen;
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        std::mt19937 random(seed);
        Bytes input(40 + random() % 500);
        for (std::byte& byte : input) byte = static_cast<std::byte>(random());
        const WritePlan plan = choose_plan(input);
        CAPTURE(seed, describe(plan));
        check_plan(plan);
        check_reads_back(plan);
        for (const auto& [word, value] : plan.options) ++seen[word + "=" + value];
    }
    for (const auto* choice : {"compat=0.10", "extended_l2=on", "compress=on", "compression_type=zstd",
                               "preallocation=full", "refcount_bits=1", "backing_file=base.qcow2"}) {
        CAPTURE(choice);
        CHECK(seen[choice] > 0);
    }
}
