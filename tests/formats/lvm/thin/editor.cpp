#include "tests/formats/lvm/thin/editor.h"

#include <algorithm>

#include "tests/catch.h"

namespace varve::thin::test {
namespace {

constexpr std::size_t number_at = 8;
constexpr std::size_t count_at = 16;
constexpr std::size_t count_max_at = 20;
constexpr std::size_t keys_at = 32;
constexpr std::size_t mapping_root_at = 320;
constexpr std::size_t details_root_at = 328;
constexpr std::uint32_t internal_flag = 1;

}  // namespace

void MetadataEditor::seal(BlockNumber number, BlockKind kind) {
    const ByteSpan bytes = block(number);
    store_le<std::uint32_t>(bytes, block_checksum(bytes, kind));
}

BlockNumber MetadataEditor::copy_of(BlockNumber number, BlockKind kind) {
    const BlockNumber copy = block_count();
    bytes_.resize(bytes_.size() + metadata_block_bytes);
    std::copy_n(block(number).begin(), metadata_block_bytes, block(copy).begin());
    set<std::uint64_t>(copy, number_at, copy, kind);
    return copy;
}

/// The leaf that contains `key`, and where in the block its value begins.
std::pair<BlockNumber, std::size_t> MetadataEditor::find(BlockNumber number, std::uint64_t key) {
    while (true) {
        const auto count = field<std::uint32_t>(number, count_at);
        std::size_t entry = count;
        while (entry != 0 && field<std::uint64_t>(number, keys_at + 8 * (entry - 1)) > key) --entry;
        REQUIRE(entry != 0);
        const std::size_t values_at = keys_at + 8 * std::size_t{field<std::uint32_t>(number, count_max_at)};
        const std::size_t value_at = values_at + (entry - 1) * field<std::uint32_t>(number, 24);
        if (field<std::uint32_t>(number, 4) != internal_flag) {
            REQUIRE(field<std::uint64_t>(number, keys_at + 8 * (entry - 1)) == key);
            return {number, value_at};
        }
        number = field<std::uint64_t>(number, value_at);
    }
}

BlockNumber MetadataEditor::root(DeviceId id) {
    const auto [leaf, at] = find(field<std::uint64_t>(0, mapping_root_at), id);
    return field<std::uint64_t>(leaf, at);
}

void MetadataEditor::set_root(DeviceId id, BlockNumber root) {
    const auto [leaf, at] = find(field<std::uint64_t>(0, mapping_root_at), id);
    set<std::uint64_t>(leaf, at, root);
}

void MetadataEditor::set_details(DeviceId id, std::uint64_t mapped_blocks, std::uint32_t snapshotted_time) {
    const auto [leaf, at] = find(field<std::uint64_t>(0, details_root_at), id);
    set<std::uint64_t>(leaf, at, mapped_blocks);
    set<std::uint32_t>(leaf, at + 20, snapshotted_time);
}

Device MetadataEditor::details(DeviceId id) {
    const auto [leaf, at] = find(field<std::uint64_t>(0, details_root_at), id);
    Device device;
    device.mapped_blocks = field<std::uint64_t>(leaf, at);
    device.snapshotted_time = field<std::uint32_t>(leaf, at + 20);
    return device;
}

void MetadataEditor::snapshot(DeviceId origin, DeviceId copy, std::uint32_t time) {
    const std::uint64_t mapped_blocks = details(origin).mapped_blocks;
    set_details(origin, mapped_blocks, time);
    set_details(copy, mapped_blocks, time);
    set_root(copy, root(origin));
}

void MetadataEditor::edit(DeviceId id, const Edits& edits) {
    set_root(id, rewrite(root(id), edits.begin(), edits.end()));
}

MetadataEditor::Entries MetadataEditor::entries(BlockNumber number) {
    Entries entries;
    const std::size_t count_max = field<std::uint32_t>(number, count_max_at);
    for (std::size_t i = 0; i < field<std::uint32_t>(number, count_at); ++i) {
        entries.keys.push_back(field<std::uint64_t>(number, keys_at + 8 * i));
        entries.values.push_back(field<std::uint64_t>(number, keys_at + 8 * (count_max + i)));
    }
    return entries;
}

void MetadataEditor::store(BlockNumber number, const Entries& entries) {
    const std::size_t count_max = field<std::uint32_t>(number, count_max_at);
    REQUIRE(entries.keys.size() <= count_max);
    for (std::size_t i = 0; i < entries.keys.size(); ++i) {
        store_le<std::uint64_t>(block(number).subspan(keys_at + 8 * i), entries.keys[i]);
        store_le<std::uint64_t>(block(number).subspan(keys_at + 8 * (count_max + i)), entries.values[i]);
    }
    set<std::uint32_t>(number, count_at, static_cast<std::uint32_t>(entries.keys.size()));
}

/// Makes the edits below node `number` and returns the number of the node that replaces it.
BlockNumber MetadataEditor::rewrite(BlockNumber number, Edits::const_iterator begin, Edits::const_iterator end) {
    if (begin == end) return number;
    Entries old = entries(number);
    if (field<std::uint32_t>(number, 4) == internal_flag) {
        for (std::size_t i = 0; i < old.keys.size(); ++i) {
            const auto child_end = std::find_if(
                begin, end, [&](const auto& edit) { return i + 1 < old.keys.size() && edit.first >= old.keys[i + 1]; });
            if (begin != child_end) old.keys[i] = std::min(old.keys[i], begin->first);
            old.values[i] = rewrite(old.values[i], begin, child_end);
            begin = child_end;
        }
    } else {
        for (; begin != end; ++begin) {
            const auto at = std::lower_bound(old.keys.begin(), old.keys.end(), begin->first) - old.keys.begin();
            if (static_cast<std::size_t>(at) < old.keys.size() &&
                old.keys[static_cast<std::size_t>(at)] == begin->first) {
                old.keys.erase(old.keys.begin() + at);
                old.values.erase(old.values.begin() + at);
            }
            if (!begin->second) continue;
            old.keys.insert(old.keys.begin() + at, begin->first);
            old.values.insert(old.values.begin() + at, begin->second->data_block << 24 | begin->second->time);
        }
    }
    const BlockNumber copy = copy_of(number);
    store(copy, old);
    return copy;
}

BlockNumber MetadataEditor::join(BlockNumber left, BlockNumber right) {
    const BlockNumber joined = copy_of(left);
    store_le<std::uint32_t>(block(joined).subspan(4), internal_flag);
    const Entries left_entries = entries(left);
    const Entries right_entries = entries(right);
    REQUIRE(left_entries.keys.back() < right_entries.keys.front());
    store(joined, {{left_entries.keys.front(), right_entries.keys.front()}, {left, right}});
    return joined;
}

}  // namespace varve::thin::test
