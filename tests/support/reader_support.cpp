#include "tests/support/reader_support.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "tests/catch.h"

namespace varve::reader_test {

using writer_test::run_tool;

Bytes read_all(const ImageReader& reader) {
    Bytes bytes(static_cast<std::size_t>(reader.info().virtual_size.value), std::byte{0x5a});
    reader.read(ByteOffset{}, bytes);
    return bytes;
}

Digest digest_of(const ImageReader& reader, std::uint64_t padded_bytes) {
    const std::uint64_t size = reader.info().virtual_size.value;
    Bytes piece(1 << 20);
    Sha256 hash;
    for (std::uint64_t at = 0; at < size; at += piece.size()) {
        const ByteSpan part =
            ByteSpan(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size - at)));
        reader.read(ByteOffset{at}, part);
        hash.update(part);
    }
    if (padded_bytes > size) hash.update(Bytes(static_cast<std::size_t>(padded_bytes - size)));
    return hash.finish();
}

std::string qemu_img(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "qemu-img");
    const auto result = run_tool(arguments);
    INFO("qemu-img " << arguments[1] << " " << arguments.back() << ": " << result.output);
    REQUIRE(result.status == 0);
    return result.output;
}

void qemu_io(const std::string& path, const std::string& format, const std::vector<std::string>& commands) {
    std::vector<std::string> arguments{"qemu-io", "-d", "unmap", "-f", format};
    for (const std::string& command : commands) {
        arguments.push_back("-c");
        arguments.push_back(command);
    }
    arguments.push_back(path);
    const auto result = run_tool(arguments);
    INFO(result.output);
    REQUIRE(result.status >= 0);
    REQUIRE(result.status != 127);
}

std::vector<std::string> random_commands(std::mt19937_64& random, std::uint64_t size, std::uint64_t cluster, int count,
                                         bool compressed) {
    std::vector<std::string> commands;
    const unsigned kinds = compressed ? 6 : 5;
    for (int i = 0; i < count; ++i) {
        const std::uint64_t length = std::max<std::uint64_t>(512, random() % (size / 12) / 512 * 512);
        const std::uint64_t at = random() % (size - length) / 512 * 512;
        const std::uint64_t run = cluster * (1 + random() % 3);
        const std::uint64_t cluster_at = random() % ((size - run) / cluster + 1) * cluster;
        const auto pattern = static_cast<unsigned>(1 + random() % 255);
        switch (random() % kinds) {
            case 0:
            case 1:
                commands.push_back(fmt::format("write -P {} {} {}", pattern, at, length));
                break;
            case 2:
                commands.push_back(fmt::format("write -z {} {}", at, length));
                break;
            case 3:
                commands.push_back(fmt::format("write -z -u {} {}", at, length));
                break;
            case 4:
                commands.push_back(fmt::format("discard {} {}", at, length));
                break;
            default:
                for (std::uint64_t piece = 0; piece < run; piece += cluster)
                    commands.push_back(fmt::format("write -c -P {} {} {}", pattern, cluster_at + piece, cluster));
        }
    }
    return commands;
}

Bytes qemu_bytes(const std::string& path, const std::string& format) {
    const std::string raw = path + ".oracle";
    qemu_img({"convert", "-f", format, "-O", "raw", path, raw});
    Bytes bytes = writer_test::read_file(raw);
    std::filesystem::remove(raw);
    return bytes;
}

std::vector<ExtentKind> sector_kinds(const ImageReader& reader) {
    const std::uint64_t size = reader.info().virtual_size.value;
    std::vector<ExtentKind> kinds(static_cast<std::size_t>(divide_up(size, 512)));
    for (ByteOffset at; at.value < size;) {
        const Extent extent = reader.extent_at(at);
        const auto begin = static_cast<std::ptrdiff_t>(divide_up(extent.begin.value, 512));
        const auto end = static_cast<std::ptrdiff_t>(divide_up(extent.end().value, 512));
        std::fill(kinds.begin() + begin, kinds.begin() + end, extent.kind);
        at = extent.end();
    }
    return kinds;
}

std::vector<ExtentKind> unit_kinds(const ImageReader& reader, ByteCount unit) {
    const auto weight = [](ExtentKind kind) { return kind == ExtentKind::data ? 2 : kind == ExtentKind::zero ? 1 : 0; };
    const std::uint64_t size = reader.info().virtual_size.value;
    std::vector<ExtentKind> kinds(static_cast<std::size_t>(divide_up(size, unit.value)), ExtentKind::unallocated);
    for (ByteOffset at; at.value < size;) {
        const Extent extent = reader.extent_at(at);
        for (std::uint64_t i = extent.begin.value / unit.value; i * unit.value < extent.end().value; ++i)
            if (weight(extent.kind) > weight(kinds[i])) kinds[i] = extent.kind;
        at = extent.end();
    }
    return kinds;
}

std::vector<ExtentKind> qemu_sector_kinds(const std::string& path, const std::string& format,
                                          const std::vector<LayerInfo>& layers) {
    std::vector<std::uint64_t> sizes;
    std::vector<std::string> formats;
    for (const LayerInfo& layer : layers) {
        if (layer.role == LayerRole::data_file) continue;
        formats.push_back(layer.format);
        const auto info = nlohmann::json::parse(qemu_img({"info", "--output=json", "-f", layer.format, layer.path}));
        sizes.push_back(info.at("virtual-size").get<std::uint64_t>());
    }
    std::vector<ExtentKind> kinds(static_cast<std::size_t>(divide_up(sizes.front(), 512)));
    for (const auto& entry : nlohmann::json::parse(qemu_img({"map", "--output=json", "-f", format, path}))) {
        const auto depth = entry.at("depth").get<std::size_t>();
        const auto begin = entry.at("start").get<std::uint64_t>();
        const std::uint64_t end = begin + entry.at("length").get<std::uint64_t>();
        for (std::uint64_t at = begin; at < end; at += 512) {
            ExtentKind kind = ExtentKind::unallocated;
            if (at >= sizes.at(depth))
                kind = ExtentKind::unallocated;
            else if (entry.at("data").get<bool>())
                kind = ExtentKind::data;
            else if (formats.at(depth) != "raw" && entry.at("present").get<bool>())
                kind = ExtentKind::zero;
            kinds.at(static_cast<std::size_t>(at / 512)) = kind;
        }
    }
    return kinds;
}

void compare_with_qemu(const std::string& path, const std::string& format) {
    INFO(path);
    const OpenedImage image = open_image_chain(path, {{.format = format}});
    const Bytes expected = qemu_bytes(path, format);
    REQUIRE(image.reader->info().virtual_size.value == expected.size());
    const Bytes found = read_all(*image.reader);
    const auto [a, b] = std::mismatch(found.begin(), found.end(), expected.begin());
    INFO("first difference at byte " << a - found.begin());
    REQUIRE((a == found.end() && b == expected.end()));
    const auto kinds = sector_kinds(*image.reader);
    auto kinds_expected = qemu_sector_kinds(path, format, image.layers);
    REQUIRE(kinds.size() == kinds_expected.size());
    for (std::size_t sector = 0; sector < kinds.size(); ++sector)
        if (kinds[sector] == ExtentKind::zero && kinds_expected[sector] == ExtentKind::data &&
            is_zero(
                ByteView(expected).subspan(sector * 512, std::min<std::size_t>(512, expected.size() - sector * 512))))
            kinds_expected[sector] = ExtentKind::zero;
    const auto differing = std::mismatch(kinds.begin(), kinds.end(), kinds_expected.begin()).first - kinds.begin();
    INFO("first difference of kinds at sector " << differing);
    REQUIRE((kinds == kinds_expected));
}

std::string refusal_of(const std::string& path, const OpenOptions& options) {
    try {
        const auto reader = open_image(path, options);
        const std::uint64_t size = reader->info().virtual_size.value;
        Bytes piece(1 << 16);
        for (ByteOffset at; at.value < size;) {
            const Extent extent = reader->extent_at(at);
            const ByteSpan part = ByteSpan(piece).first(
                static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), extent.length.value)));
            reader->read(at, part);
            at = extent.kind == ExtentKind::data ? at + ByteCount{part.size()} : extent.end();
        }
        return {};
    } catch (const Error& error) {
        return error.what();
    }
}

}  // namespace varve::reader_test
