#include "tests/formats/vmdk/builder.h"

#include <algorithm>

#include <zlib.h>

namespace varve::reader_test::vmdk {
namespace {

std::uint64_t up(std::uint64_t a, std::uint64_t unit) { return (a + unit - 1) / unit * unit; }

void hosted_header(FileBytes& file, std::uint64_t at, std::uint32_t version, std::uint32_t flags, std::uint64_t sectors,
                   std::uint64_t grain, std::uint64_t redundant, std::uint64_t directory, std::uint64_t data) {
    file.text(at, "KDMV").le32(at + 4, version).le32(at + 8, flags).le64(at + 12, sectors).le64(at + 20, grain / 512);
    file.le64(at + 28, 1).le64(at + 36, 20).le32(at + 44, 512).le64(at + 48, redundant).le64(at + 56, directory);
    file.le64(at + 64, data / 512).text(at + 73, "\n \r\n").grow(at + 512);
}

}  // namespace

FileBytes& FileBytes::text(std::uint64_t at, std::string_view text) {
    grow(at + text.size());
    std::copy(bytes_of(text).begin(), bytes_of(text).end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at));
    return *this;
}

FileBytes& FileBytes::fill(std::uint64_t at, std::uint64_t length, char with) {
    return text(at, std::string(static_cast<std::size_t>(length), with));
}

FileBytes& FileBytes::grow(std::uint64_t length) {
    if (bytes_.size() < length) bytes_.resize(static_cast<std::size_t>(length));
    return *this;
}

FileBytes& FileBytes::cut(std::uint64_t length) {
    bytes_.resize(static_cast<std::size_t>(length));
    return *this;
}

std::string descriptor(const std::string& create_type, const std::vector<std::string>& extents, const std::string& cid,
                       const std::string& parent_cid, const std::vector<std::string>& more) {
    std::string text = "# Disk DescriptorFile\nversion=1\nCID=" + cid + "\nparentCID=" + parent_cid +
                       "\ncreateType=\"" + create_type + "\"\n";
    for (const std::string& line : more) text += line + "\n";
    text += "\n# Extent description\n";
    for (const std::string& line : extents) text += line + "\n";
    return text + "\n# The Disk Data Base\n#DDB\n\nddb.adapterType = \"lsilogic\"\nddb.virtualHWVersion = \"13\"\n";
}

Hosted hosted(std::uint64_t sectors, const Grains& grains, const std::string& descriptor_text,
              const std::vector<std::uint64_t>& zeros) {
    Hosted built;
    FileBytes& file = built.file;
    hosted_header(file, 0, 1, zeros.empty() ? 3 : 7, sectors, Hosted::grain, Hosted::redundant_directory / 512,
                  Hosted::directory / 512, Hosted::data);
    file.text(512, descriptor_text).grow(Hosted::data);
    const std::uint64_t tables = up(sectors, 512 * 8) / (512 * 8);
    for (std::uint64_t i = 0; i < tables; ++i) {
        file.le32(Hosted::directory + 4 * i, static_cast<std::uint32_t>(Hosted::table / 512 + 4 * i));
        file.le32(Hosted::redundant_directory + 4 * i,
                  static_cast<std::uint32_t>(Hosted::redundant_table / 512 + 4 * i));
    }
    for (const std::uint64_t zero : zeros)
        file.le32(Hosted::table + 4 * zero, 1).le32(Hosted::redundant_table + 4 * zero, 1);
    for (const auto& [grain, fill] : grains) {
        const std::uint64_t at = up(file.end(), 512);
        file.fill(at, Hosted::grain, fill);
        file.le32(Hosted::table + 4 * grain, static_cast<std::uint32_t>(at / 512));
        file.le32(Hosted::redundant_table + 4 * grain, static_cast<std::uint32_t>(at / 512));
    }
    return built;
}

std::string deflated(std::string_view plain) {
    uLongf length = compressBound(plain.size());
    std::string out(length, '\0');
    compress2(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(plain.data()), plain.size(),
              6);
    out.resize(length);
    return out;
}

namespace {

void marker(FileBytes& file, std::uint64_t sectors, std::uint32_t type) {
    const std::uint64_t at = file.end();
    file.le64(at, sectors).le32(at + 12, type).grow(at + 512);
}

/// Appends the table after the grains that it lists; returns its sector.
std::uint32_t put_table(FileBytes& file, const std::map<std::uint64_t, std::uint64_t>& markers, std::uint64_t table) {
    marker(file, 4, 1);
    const std::uint64_t at = file.end();
    file.grow(at + 2048);
    for (const auto& [grain, place] : markers)
        if (grain / 512 == table) file.le32(at + grain % 512 * 4, static_cast<std::uint32_t>(place / 512));
    return static_cast<std::uint32_t>(at / 512);
}

}  // namespace

Stream stream(std::uint64_t sectors, const Grains& grains, const std::string& descriptor_text, StreamTail tail) {
    Stream built;
    FileBytes& file = built.file;
    hosted_header(file, 0, 3, 0x30001, sectors, Stream::grain, 0, ~std::uint64_t{0}, Stream::data);
    file.text(512, descriptor_text).le16(77, 1).grow(Stream::data);
    const std::uint64_t tables = up(sectors, 512 * 128) / (512 * 128);
    std::map<std::uint64_t, std::uint32_t> table_sectors;
    for (auto grain = grains.begin(); grain != grains.end();) {
        const std::uint64_t table = grain->first / 512;
        for (; grain != grains.end() && grain->first / 512 == table; ++grain) {
            const std::uint64_t at = file.end();
            const std::uint64_t rest = sectors * 512 - grain->first * Stream::grain;
            const auto length = static_cast<std::size_t>(std::min(rest, Stream::grain));
            const std::string packed = deflated(std::string(length, grain->second));
            file.le64(at, grain->first * 128).le32(at + 8, static_cast<std::uint32_t>(packed.size()));
            file.text(at + 12, packed).grow(up(file.end(), 512));
            built.markers[grain->first] = at;
        }
        if (tail != StreamTail::none) table_sectors[table] = put_table(file, built.markers, table);
    }
    if (tail != StreamTail::none) {
        marker(file, up(tables * 4, 512) / 512, 2);
        built.directory = file.end();
        for (const auto& [table, sector] : table_sectors) file.le32(built.directory + 4 * table, sector);
        file.grow(up(built.directory + 4 * tables, 512));
    }
    if (tail == StreamTail::footer) {
        marker(file, 1, 3);
        built.footer = file.end();
        hosted_header(file, built.footer, 3, 0x30001, sectors, Stream::grain, 0, built.directory / 512, Stream::data);
        file.le16(built.footer + 77, 1);
    }
    if (tail == StreamTail::directory_in_front) file.le64(56, built.directory / 512);
    marker(file, 0, 0);
    return built;
}

FileBytes cowd(std::uint32_t sectors, const Grains& grains) {
    FileBytes file;
    const auto tables = static_cast<std::uint32_t>(up(sectors, 4096) / 4096);
    file.text(0, "COWD").le32(4, 1).le32(8, 3).le32(12, sectors).le32(16, 1).le32(20, 4).le32(24, tables);
    file.grow(2048 + up(tables * 4, 512));
    std::map<std::uint64_t, std::uint64_t> places;
    for (const auto& [grain, fill] : grains) {
        const std::uint64_t table = grain / 4096;
        if (!places.contains(table)) {
            places[table] = file.end();
            file.le32(2048 + 4 * table, static_cast<std::uint32_t>(file.end() / 512)).grow(file.end() + 4096 * 4);
        }
        file.le32(places[table] + grain % 4096 * 4, static_cast<std::uint32_t>(file.end() / 512));
        file.fill(file.end(), 512, fill);
    }
    return file.le32(28, static_cast<std::uint32_t>(file.end() / 512));
}

SeSparse sesparse(std::uint64_t sectors, const Grains& grains, const std::vector<std::uint64_t>& zeros,
                  const std::vector<std::uint64_t>& unmapped) {
    SeSparse built;
    FileBytes& file = built.file;
    const std::uint64_t tables = up(sectors, 4096 * 8) / (4096 * 8);
    built.grains = SeSparse::tables + tables * 32768;
    file.le64(0, 0xcafebabe).le64(8, 0x200000001).le64(16, sectors).le64(24, 8).le64(32, 64);
    file.le64(80, 1).le64(88, 1).le64(96, 2).le64(104, 2).le64(112, 4).le64(120, 4);
    file.le64(128, 8).le64(136, 8).le64(144, 16).le64(152, tables * 64);
    file.le64(160, 4).le64(168, 1).le64(176, 4).le64(184, 1).le64(192, built.grains / 512).le64(200, sectors);
    file.le64(512, 0xcafecafe).grow(built.grains);
    const auto entry_at = [&](std::uint64_t grain) {
        const std::uint64_t place = tables - 1 - grain / 4096;  // tables in descending order
        file.le64(SeSparse::directory + 8 * (grain / 4096), 0x1000000000000000 | place);
        return SeSparse::tables + place * 32768 + grain % 4096 * 8;
    };
    for (const std::uint64_t grain : zeros) file.le64(entry_at(grain), 0x2000000000000000);
    for (const std::uint64_t grain : unmapped) file.le64(entry_at(grain), 0x1000000000000000);
    std::uint64_t index = 0;
    for (const auto& [grain, fill] : grains) {
        const std::uint64_t entry = 0x3000000000000000 | (index & 0xfff) << 48 | index >> 12;
        file.le64(entry_at(grain), entry);
        file.fill(built.grains + index * SeSparse::grain, SeSparse::grain, fill);
        ++index;
    }
    return built;
}

Bytes guest_bytes(std::uint64_t sectors, std::uint64_t grain, const Grains& grains) {
    Bytes bytes(static_cast<std::size_t>(sectors * 512));
    for (const auto& [index, fill] : grains) {
        const auto at = static_cast<std::size_t>(index * grain);
        const std::size_t length = std::min<std::size_t>(static_cast<std::size_t>(grain), bytes.size() - at);
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, static_cast<std::byte>(fill));
    }
    return bytes;
}

}  // namespace varve::reader_test::vmdk
