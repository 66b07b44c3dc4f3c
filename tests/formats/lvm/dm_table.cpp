#include "tests/formats/lvm/dm_table.h"

#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "formats/base/reader_source.h"
#include "tests/catch.h"
#include "tests/formats/lvm/fixture.h"

namespace varve::lvm_test {
namespace {

constexpr std::uint64_t table_sector_bytes = 512;
constexpr std::uint64_t partition_begin = 9437184;  // of the one partition, on disk 5 of "linear"

std::string doubled(const std::string& name) {
    std::string result;
    for (const char c : name) result += c == '-' ? "--" : std::string(1, c);
    return result;
}

}  // namespace

DmTable::DmTable(const std::string& fixture) {
    std::ifstream in(lvm_test::fixture(fixture) / "out.truth/state.active/dmtable.txt");
    REQUIRE(in);
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string name;
        words >> name;
        name.pop_back();  // the colon
        auto& target = targets_[name].emplace_back();
        for (std::string word; words >> word;) target.push_back(word);
    }
    const int disks = static_cast<int>(fixture_disks(fixture).size());
    for (int i = 0; i < disks; ++i)
        disks_.push_back(std::make_shared<const ReaderSource>(
            fixture_disk(fixture, i), fmt::format("p{}.raw", i),
            [i](ByteOffset at) { return fmt::format("'p{}.raw' at byte {}", i, at.value); }));
}

std::vector<std::string> DmTable::names() const {
    std::vector<std::string> result;
    for (const auto& [name, targets] : targets_) result.push_back(name);
    return result;
}

std::string DmTable::target(const std::string& name) const { return targets_.at(name).at(0).at(2); }

std::shared_ptr<const lvm::SegmentReader> DmTable::open(const std::string& name) const {
    INFO(name);
    std::vector<lvm::MappedSegment> segments;
    for (const std::vector<std::string>& words : targets_.at(name)) {
        lvm::MappedSegment segment;
        segment.range = {{std::stoull(words.at(0)) * table_sector_bytes},
                         {std::stoull(words.at(1)) * table_sector_bytes}};
        const std::string& kind = words.at(2);
        REQUIRE((kind == "linear" || kind == "striped" || kind == "zero"));
        if (kind == "striped") segment.stripe_size = {std::stoull(words.at(4)) * table_sector_bytes};
        for (std::size_t i = kind == "striped" ? 5 : 3; i + 1 < words.size(); i += 2)
            segment.legs.push_back(leg(words[i], std::stoull(words[i + 1])));
        segments.push_back(std::move(segment));
    }
    return std::make_shared<lvm::SegmentReader>(name, std::move(segments));
}

ByteSourcePtr DmTable::disk(int index) const { return disks_.at(static_cast<std::size_t>(index)); }

/// "254:16" is the first disk, "254:98" the second partition of the sixth.
lvm::SegmentLeg DmTable::leg(const std::string& device, std::uint64_t sector) const {
    const int minor = std::stoi(device.substr(device.find(':') + 1));
    const std::uint64_t base = minor % 16 == 0 ? 0 : partition_begin;
    return {disk(minor / 16 - 1), {base + sector * table_sector_bytes}};
}

std::string dm_name(const std::string& group, const std::string& volume) {
    return doubled(group) + "-" + doubled(volume);
}

}  // namespace varve::lvm_test
