#pragma once
/// What the fuzz target of exception stores does with one input: any bytes as the device of a classic snapshot's store.
/// Opens it, walks its exceptions, reads through the snapshot over a small origin, and compares with a plain walk of
/// the same bytes. A test of tests/formats does the same with the corpus.

#include <algorithm>
#include <map>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/reader_source.h"
#include "formats/lvm/cow_snapshot_reader.h"
#include "formats/lvm/snapshot_changes.h"
#include "tests/fakes/steady_image.h"

namespace varve::fuzz {
namespace exception_store {

/// All data.
class View final : public fakes::SteadyImage {
public:
    explicit View(ByteView bytes) : bytes_(bytes) {
        info_.format = "raw";
        info_.virtual_size = {bytes.size()};
    }
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override {
        VARVE_CHECK(at.value < bytes_.size());
        return {at, ByteCount{bytes_.size() - at.value}, ExtentKind::data};
    }
    void read(ByteOffset at, ByteSpan out) const override {
        VARVE_CHECK(at.value <= bytes_.size() && out.size() <= bytes_.size() - at.value);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at.value), out.size(), out.begin());
    }
    ByteCount bytes_read() const override { return {}; }

private:
    ByteView bytes_;
    ImageInfo info_;
};

/// The list according to LVM's own rules, without any check.
inline std::map<std::uint64_t, std::uint64_t> plain_list(ByteView device, std::uint64_t chunk) {
    std::map<std::uint64_t, std::uint64_t> list;
    const std::uint64_t per_area = chunk / 16;
    for (std::uint64_t number = 0;; ++number) {
        const std::uint64_t at = (1 + number / per_area * (per_area + 1)) * chunk + number % per_area * 16;
        if (at / chunk >= device.size() / chunk) return list;
        const auto store_chunk = load_le<std::uint64_t>(device.subspan(at + 8));
        if (store_chunk == 0) return list;
        list[load_le<std::uint64_t>(device.subspan(at))] = store_chunk;
    }
}

inline Bytes origin_bytes(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 256);
    return bytes;
}

/// What the snapshot shows, chunk by chunk.
inline Bytes plain_snapshot(ByteView device, const Bytes& origin, const lvm::ExceptionStore& store) {
    Bytes bytes = origin;
    if (load_le<std::uint32_t>(device) == 0) return bytes;
    const std::uint64_t chunk = store.chunk_size().value;
    for (const auto& [origin_chunk, store_chunk] : plain_list(device, chunk)) {
        const std::uint64_t at = origin_chunk * chunk;
        const std::uint64_t length = std::min<std::uint64_t>(chunk, bytes.size() - at);
        std::copy_n(device.begin() + static_cast<std::ptrdiff_t>(store_chunk * chunk), length,
                    bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return bytes;
}

inline void check_reader(const lvm::CowSnapshotReader& reader, const Bytes& expected) {
    Bytes found(expected.size(), std::byte{0x5a});
    reader.read({}, found);
    VARVE_CHECK(found == expected);
    const ByteOffset end{expected.size()};
    for (ByteOffset at; at < end;) {
        const Extent extent = reader.extent_at(at);
        VARVE_CHECK(extent.begin == at && extent.length.value > 0 && extent.length <= end - at);
        at = extent.end();
    }
}

/// What is reported as the same must be the origin's.
inline void check_changes(const RangeChanges& changes, const Bytes& origin, const Bytes& snapshot) {
    for (ByteOffset at; at.value < origin.size();) {
        const ChangeRun run = changes.change_at(at);
        VARVE_CHECK(run.begin == at && run.length.value > 0 && run.end().value <= origin.size());
        const auto begin = static_cast<std::ptrdiff_t>(at.value);
        VARVE_CHECK(run.may_differ ||
                    std::equal(origin.begin() + begin, origin.begin() + static_cast<std::ptrdiff_t>(run.end().value),
                               snapshot.begin() + begin));
        at = run.end();
    }
}

/// Throws Error for a refused input.
inline void open_walk_read(ByteView device, std::size_t origin_size) {
    const Bytes origin = origin_bytes(origin_size);
    const auto named = std::make_shared<const ReaderSource>(std::make_shared<View>(device), "input");
    const auto store = std::make_shared<lvm::ExceptionStore>(named, lvm::SnapshotShape{{origin_size}, kib(4)});
    const Bytes expected = plain_snapshot(device, origin, *store);
    check_reader(lvm::CowSnapshotReader(std::make_shared<View>(origin), store), expected);
    check_changes(lvm::changes_to_origin(*store, {origin_size}), origin, expected);
    VARVE_CHECK(store->used().value <= device.size() + store->chunk_size().value);
}

/// One input of the fuzz target: its first byte chooses the size of the origin, and whether the rest gets a valid
/// header, which few mutations would leave intact. Returns whether it opened.
inline bool run(ByteView input) {
    if (input.empty()) return false;
    const auto first = std::to_integer<std::size_t>(input[0]);
    Bytes device(input.begin() + 1, input.end());
    if (first % 2 != 0 && device.size() >= 16) {
        store_le(ByteSpan(device), 0x70416e53u);
        store_le(ByteSpan(device).subspan(4), 1u);
        store_le(ByteSpan(device).subspan(8), 1u);
        store_le(ByteSpan(device).subspan(12), 1u << first / 2 % 4);
    }
    try {
        open_walk_read(device, first * 517 + 1);
        return true;
    } catch (const Error&) {
        return false;
    }
}

}  // namespace exception_store
}  // namespace varve::fuzz
