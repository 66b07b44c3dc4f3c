#include "store/pack/pack_scan.h"

#include <algorithm>

#include "engine/base/error.h"
#include "store/pack/pack_names.h"
#include "store/pack/pack_reader.h"

namespace varve {
namespace {

constexpr std::size_t scan_window_bytes = 1u << 20;

/// A sliding window of the file, so that a search byte by byte does not read byte by byte.
class Window {
public:
    Window(const PackReader& reader, std::uint64_t file_bytes) : reader_(reader), file_bytes_(file_bytes) {}

    std::uint64_t file_bytes() const { return file_bytes_; }

    /// `length` bytes at `at`, or fewer at the end of the file.
    ByteView at(std::uint64_t at, std::size_t length) {
        length = std::min<std::uint64_t>(length, file_bytes_ - std::min(at, file_bytes_));
        if (at < begin_ || at + length > begin_ + bytes_.size()) {
            bytes_.resize(std::min<std::uint64_t>(std::max(length, scan_window_bytes), file_bytes_ - at));
            begin_ = at;
            reader_.read({begin_}, bytes_);
        }
        return ByteView(bytes_).subspan(at - begin_, length);
    }

    /// Where the next frame magic begins, from `from` on; the file's length if there is none.
    std::uint64_t find_magic(std::uint64_t from) {
        while (file_bytes_ - from >= frame_magic.size()) {
            const std::string_view text = text_of(at(from, scan_window_bytes / 2));
            if (const std::size_t found = text.find(frame_magic); found != std::string_view::npos) return from + found;
            from += text.size() - (frame_magic.size() - 1);
        }
        return file_bytes_;
    }

private:
    const PackReader& reader_;
    const std::uint64_t file_bytes_;
    std::uint64_t begin_ = 0;
    Bytes bytes_;
};

/// The frame at `offset`, or nullopt if there is no complete frame of this pack.
std::optional<FrameHeader> frame_at(Window& window, std::uint64_t offset, const PackId& pack) {
    const std::size_t length = frame_header_length(window.at(offset, 8));
    if (length == 0 || length > window.file_bytes() - offset) return std::nullopt;
    try {
        FrameHeader header = parse_frame_header(window.at(offset, length), pack, "frame");
        header.frame.offset = offset;
        if (header.frame.end() > window.file_bytes()) return std::nullopt;
        return header;
    } catch (const Error&) {
        return std::nullopt;  // not a frame of ours: the search continues after it
    }
}

/// Whether `next` can come after all of `frames`.
bool follows(const std::vector<FrameHeader>& frames, const FrameHeader& next) {
    if (frames.empty()) return true;
    const FrameHeader& last = frames.back();
    return next.ordinal > last.ordinal && next.frame.first_slot >= last.frame.first_slot + last.frame.slot_count;
}

}  // namespace

std::optional<SlotTable> ScannedPack::slot_table() const {
    SlotTable table;
    for (const FrameHeader& header : frames) {
        if (header.ordinal != table.frames.size() || header.frame.first_slot != table.slots.size()) return std::nullopt;
        table.frames.push_back(header.frame);
        table.slots.insert(table.slots.end(), header.slots.begin(), header.slots.end());
        table.patch_bases.insert(table.patch_bases.end(), header.patch_bases.begin(), header.patch_bases.end());
    }
    return table;
}

ScannedPack scan_pack(const Backend& backend, const PackId& id) {
    const PackReader reader(backend, id);
    const auto file_bytes = backend.size(pack_name(id));
    if (!file_bytes)
        throw Error(ErrorCode::not_found, reader.object() + " is missing; 'varve verify' reports what it held");
    Window window(reader, std::min(file_bytes->value, pack_bytes_max));
    ScannedPack scanned;
    std::uint64_t accounted = std::min<std::uint64_t>(pack_header_bytes, window.file_bytes());
    for (std::uint64_t at = accounted; (at = window.find_magic(at)) < window.file_bytes();) {
        auto header = frame_at(window, at, id);
        if (!header || !follows(scanned.frames, *header)) {
            ++at;
            continue;
        }
        scanned.skipped += ByteCount{at - accounted};
        at = accounted = header->frame.end();
        scanned.frames.push_back(std::move(*header));
    }
    return scanned;
}

}  // namespace varve
