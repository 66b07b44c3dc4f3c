// The changes that the tables of one file show between two states: never less than what differs (bytes and kinds, read
// through both states), and no more than the clusters whose entries differ, which `qemu-img map` shows on a reverted
// copy.

#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "formats/snapshot_change_source.h"
#include "tests/catch.h"
#include "tests/formats/qcow2/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

constexpr std::uint64_t seed = 20261123;

using State = std::optional<std::string>;  // a snapshot; none: the active disk

ImageOptions opening(const State& state) { return {.format = "qcow2", .snapshot = state}; }

/// The place and kind of each sector of a state, according to qemu.
std::vector<std::string> sector_places(const ScratchFolder& folder, const std::string& path, const State& state) {
    const std::string copy = folder.file("reverted.qcow2");
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    if (state) qemu_img({"snapshot", "-a", *state, copy});
    std::vector<std::string> places;
    for (const auto& run : nlohmann::json::parse(qemu_img({"map", "--output=json", "-f", "qcow2", copy}))) {
        const auto length = run.at("length").get<std::uint64_t>();
        const bool own = run.at("depth").get<unsigned>() == 0 && run.at("present").get<bool>();
        for (std::uint64_t at = 0; at < length; at += 512) {
            std::string place = "below";
            if (own) place = run.at("data").get<bool>() ? "data" : "zero";
            if (own && run.contains("offset"))
                place += fmt::format(" at {}", run.at("offset").get<std::uint64_t>() + at);
            places.push_back(place);
        }
    }
    return places;
}

struct Walked {
    std::uint64_t clusters_reported = 0;
    unsigned calls = 0;
    std::vector<bool> may_differ;  // by cluster
};

Walked walk(const ChangeMap& map, std::uint64_t size, std::uint64_t cluster) {
    Walked out;
    out.may_differ.resize(static_cast<std::size_t>(divide_up(size, cluster)));
    for (ByteOffset at; at.value < size; ++out.calls) {
        const ChangeRun run = map.change_at(at);
        REQUIRE(run.begin == at);
        REQUIRE(run.length.value > 0);
        REQUIRE(run.end().value <= size);
        REQUIRE((run.end().value == size || run.end().value % cluster == 0));
        for (std::uint64_t i = at.value / cluster; run.may_differ && i < divide_up(run.end().value, cluster); ++i) {
            out.may_differ[static_cast<std::size_t>(i)] = true;
            ++out.clusters_reported;
        }
        at = run.end();
    }
    return out;
}

/// Clusters in which the two states really differ, in bytes or kinds; those past the end of one state differ.
std::vector<bool> real_differences(const std::string& path, const State& before, const State& now,
                                   std::uint64_t cluster) {
    const auto a = open_image(path, {opening(before)});
    const auto b = open_image(path, {opening(now)});
    const Bytes bytes_a = read_all(*a);
    const Bytes bytes_b = read_all(*b);
    const auto kinds_a = sector_kinds(*a);
    const auto kinds_b = sector_kinds(*b);
    std::vector<bool> differ(static_cast<std::size_t>(divide_up(bytes_b.size(), cluster)));
    for (std::size_t i = 0; i < bytes_b.size(); ++i)
        if (i >= bytes_a.size() || bytes_a[i] != bytes_b[i] || kinds_a[i / 512] != kinds_b[i / 512])
            differ[static_cast<std::size_t>(i / cluster)] = true;
    return differ;
}

/// The number of clusters that really differ.
std::uint64_t check_sound(const std::string& path, const State& before, const State& now, std::uint64_t cluster) {
    CAPTURE(before.value_or("active"), now.value_or("active"));
    const auto map = changes_between_states(path, opening(now), before);
    REQUIRE(map != nullptr);
    const std::vector<bool> real = real_differences(path, before, now, cluster);
    const Walked reported = walk(*map, open_image(path, {opening(now)})->info().virtual_size.value, cluster);
    REQUIRE(reported.may_differ.size() == real.size());
    std::uint64_t differing = 0;
    for (std::size_t i = 0; i < real.size(); ++i) {
        INFO("cluster " << i);
        if (real[i]) REQUIRE(reported.may_differ[i]);
        differing += real[i] ? 1u : 0u;
    }
    return differing;
}

void check_tight(const ScratchFolder& folder, const std::string& path, const State& before, const State& now,
                 std::uint64_t cluster) {
    CAPTURE(before.value_or("active"), now.value_or("active"));
    const auto a = sector_places(folder, path, before);
    const auto b = sector_places(folder, path, now);
    REQUIRE(a.size() == b.size());
    const auto map = changes_between_states(path, opening(now), before);
    const Walked reported = walk(*map, open_image(path, {opening(now)})->info().virtual_size.value, cluster);
    std::vector<bool> differ(reported.may_differ.size());
    for (std::size_t i = 0; i < b.size(); ++i)
        if (a[i] != b[i]) differ[i * 512 / cluster] = true;
    for (std::size_t i = 0; i < differ.size(); ++i) {
        INFO("cluster " << i);
        REQUIRE(reported.may_differ[i] == differ[i]);
    }
}

void make_and_check(const ScratchFolder& folder, const std::string& options, std::uint64_t cluster, bool compressed,
                    bool with_backing, std::mt19937_64& random) {
    CAPTURE(seed, options, compressed, with_backing);
    const std::string path = folder.file("disk.qcow2");
    const std::uint64_t size = std::max<std::uint64_t>(cluster * 40, 1 << 20) + 512;
    std::vector<std::string> create{"create", "-q", "-f", "qcow2", "-o", options};
    if (with_backing) {
        qemu_img({"create", "-q", "-f", "raw", folder.file("base.raw"), fmt::format("{}", size / 2)});
        qemu_io(folder.file("base.raw"), "raw", {"write -P 77 0 " + std::to_string(size / 2 / 512 * 512)});
        create.insert(create.end(), {"-b", "base.raw", "-F", "raw"});
    }
    create.insert(create.end(), {path, fmt::format("{}", size)});
    qemu_img(create);
    std::vector<State> states;
    for (const std::string name : {"s0", "s1", "s2"}) {
        qemu_io(path, "qcow2", random_commands(random, size, cluster, 6, compressed));
        qemu_img({"snapshot", "-c", name, path});
        states.push_back(name);
    }
    qemu_io(path, "qcow2", random_commands(random, size, cluster, 6, compressed));
    states.push_back(std::nullopt);
    std::uint64_t differing = 0;
    for (std::size_t i = 0; i < states.size(); ++i)
        for (std::size_t j = i + 1; j < states.size(); ++j) {
            differing += check_sound(path, states[i], states[j], cluster);
            if (!compressed) check_tight(folder, path, states[i], states[j], cluster);
        }
    CHECK(differing > 0);
    CHECK(check_sound(path, states[0], states[0], cluster) == 0);
    CHECK(walk(*changes_between_states(path, opening({}), {}), size, cluster).clusters_reported == 0);
}

}  // namespace

TEST_CASE("state changes: every difference is reported, and only for clusters whose entries differ",
          "[formats][qcow2][oracle]") {
    WARN("seed " << seed);
    ScratchFolder folder;
    std::mt19937_64 random(seed);
    for (const unsigned bits : {9u, 12u, 16u, 18u})
        for (const bool compressed : {false, true})
            for (const bool with_backing : {false, true})
                make_and_check(folder, fmt::format("cluster_size={}", 1u << bits), std::uint64_t{1} << bits, compressed,
                               with_backing, random);
    make_and_check(folder, "cluster_size=4096,compat=0.10", 4096, false, true, random);
    for (const bool compressed : {false, true})
        for (const bool with_backing : {false, true})
            make_and_check(folder, "cluster_size=16k,extended_l2=on", 16384, compressed, with_backing, random);
}

TEST_CASE("state changes: from the cluster with the end of the smaller disk on, everything may differ",
          "[formats][qcow2][oracle]") {
    ScratchFolder folder;
    const std::string path = folder.file("disk.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", "-o", "cluster_size=4096", path, "1030k"});
    qemu_io(path, "qcow2", {"write -P 1 0 1030k"});
    qemu_img({"snapshot", "-c", "small", path});
    qemu_img({"resize", "-q", path, "6M"});
    qemu_io(path, "qcow2", {"write -P 2 8k 8k", "write -P 3 5M 1M"});
    qemu_img({"snapshot", "-c", "large", path});
    const auto grown = changes_between_states(path, opening("large"), "small");
    const Walked up = walk(*grown, 6 << 20, 4096);
    CHECK(up.clusters_reported == 2 + (6 * 1024 - 1028) / 4);
    CHECK_FALSE(up.may_differ[1]);
    CHECK(up.may_differ[2]);
    CHECK(up.may_differ[257]);  // 1028 KiB: half of it is past the end of the smaller one
    check_sound(path, "small", "large", 4096);
    const Walked down = walk(*changes_between_states(path, opening("small"), "large"), 1030 << 10, 4096);
    CHECK(down.clusters_reported == 3);
    CHECK(down.may_differ[257]);
    check_sound(path, "large", "small", 4096);
}

TEST_CASE("state changes: a mostly equal disk of 16 TiB is compared in a few steps", "[formats][qcow2][oracle]") {
    ScratchFolder folder;
    const std::string path = folder.file("big.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", path, "16T"});
    qemu_io(path, "qcow2", {"write -P 1 0 64k", "write -P 2 7T 128k"});
    qemu_img({"snapshot", "-c", "s", path});
    qemu_io(path, "qcow2", {"write -P 3 9T 64k"});
    const auto map = changes_between_states(path, opening({}), "s");
    unsigned calls = 0;
    std::vector<ChangeRun> changed;
    for (ByteOffset at; at.value < std::uint64_t{16} << 40; ++calls) {
        const ChangeRun run = map->change_at(at);
        if (run.may_differ) changed.push_back(run);
        at = run.end();
    }
    CHECK(calls < 20);
    REQUIRE(changed.size() == 1);
    CHECK(changed[0].begin.value == std::uint64_t{9} << 40);
    CHECK(changed[0].length == kib(64));
}

TEST_CASE("state changes: raw files report none, and unknown snapshots are refused", "[formats][qcow2][raw]") {
    ScratchFolder folder;
    write_file(folder.file("a.raw"), Bytes(1000));
    CHECK(changes_between_states(folder.file("a.raw"), {}, {}) == nullptr);
    write_file(folder.file("a.qcow2"), Qcow2Builder().view());
    CHECK_THROWS_WITH(changes_between_states(folder.file("a.qcow2"), {}, "none"),
                      ContainsSubstring("no internal snapshots"));
}

TEST_CASE("state changes: a damaged table may differ, and the rest is still compared", "[formats][qcow2][bad-input]") {
    ScratchFolder folder;
    Qcow2Builder image(3 * 32768);
    image.data_cluster(0, 'a');
    // A snapshot of an L1 table that differs in its second and third entry: past the end of the file, and absent.
    const std::uint64_t l1 = image.end();
    image.be64(l1, image.l2()).be64(l1 + 8, std::uint64_t{1} << 40).be64(l1 + 16, 0).grow(l1 + 512);
    const std::uint64_t table = image.end();
    image.be32(60, 1).be64(64, table).be64(table, l1).be32(table + 8, 3).be16(table + 12, 1);
    image.be32(table + 36, 16).be64(table + 48, 3 * 32768).text(table + 56, "1").grow(table + 64);
    image.be64(image.l1() + 16, image.l2());
    write_file(folder.file("a"), image.view());
    const auto map = changes_between_states(folder.file("a"), opening({}), "1");
    const ChangeRun same = map->change_at(ByteOffset{});
    CHECK((!same.may_differ && same.length.value == 32768));
    const Walked reported = walk(*map, 3 * 32768, 512);
    CHECK(reported.clusters_reported == 64 + 1);
    CHECK(reported.may_differ[128]);
    CHECK_FALSE(reported.may_differ[129]);
}

TEST_CASE("snapshot states: the text is stable, and differs for different content", "[formats][qcow2][oracle]") {
    ScratchFolder folder;
    const std::string path = folder.file("disk.qcow2");
    qemu_img({"create", "-q", "-f", "qcow2", "-o", "cluster_size=4096", path, "4M"});
    qemu_io(path, "qcow2", {"write -P 1 0 1M"});
    qemu_img({"snapshot", "-c", "a", path});
    const auto state_of = [&](const State& state) { return open_image(path, {opening(state)})->info().state; };
    const std::string first = state_of("a");
    CHECK(first.size() == 64);
    CHECK(state_of({}).empty());
    qemu_io(path, "qcow2", {"write -P 2 0 64k", "discard 512k 64k"});
    qemu_img({"snapshot", "-c", "b", path});
    qemu_img({"snapshot", "-c", "c", path});
    CHECK(state_of("a") == first);
    CHECK(state_of("id:1") == first);
    CHECK(state_of("b") != first);
    CHECK(state_of("b") != state_of("c"));  // equal content, different snapshot
    qemu_img({"snapshot", "-a", "a", path});
    qemu_img({"snapshot", "-d", "b", path});
    qemu_io(path, "qcow2", {"write -P 9 2M 1M"});
    CHECK(state_of("a") == first);

    const auto info = open_image(path)->info();
    REQUIRE(info.snapshots.size() == 2);
    qemu_img({"snapshot", "-d", "a", path});
    qemu_img({"snapshot", "-c", "a", path});
    CHECK(state_of("a") != first);
}

TEST_CASE("snapshot states: every part of a snapshot counts except its COPIED bits", "[formats][qcow2]") {
    ScratchFolder folder;
    const std::string path = folder.file("a");
    const auto state_with = [&](const std::function<void(Qcow2Builder&, std::uint64_t)>& change) {
        Qcow2Builder image;
        const std::uint64_t table = image.end();
        image.be32(60, 1).be64(64, table).be64(table, image.l1()).be32(table + 8, 1);
        image.be16(table + 12, 2).be16(table + 14, 2).be32(table + 36, 16).be64(table + 48, 32768);
        image.text(table + 56, "id").text(table + 58, "nm").grow(table + 64);
        change(image, table);
        write_file(path, image.view());
        const std::string id = open_image(path)->info().snapshots.at(0).id;
        return open_image(path, {opening("id:" + id)})->info().state;
    };
    const std::string state = state_with([](Qcow2Builder&, std::uint64_t) {});
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t) { i.be64(i.l1(), i.l2()); }) == state);
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t) { i.be64(i.l1(), 0); }) != state);
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t t) { i.be32(t + 16, 1); }) != state);
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t t) { i.be32(t + 20, 1); }) != state);
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t t) { i.be64(t + 48, 32767); }) != state);
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t t) { i.text(t + 56, "i2"); }) != state);
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t t) { i.text(t + 58, "n2"); }) != state);
    CHECK(state_with([](Qcow2Builder& i, std::uint64_t t) { i.be16(t + 12, 1).be16(t + 14, 3); }) != state);
}

}  // namespace varve::reader_test
