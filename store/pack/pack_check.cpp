#include "store/pack/pack_check.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/hex.h"
#include "store/pack/frame_codec.h"
#include "store/pack/pack_layout.h"
#include "store/pack/pack_names.h"
#include "store/pack/pack_reader.h"
#include "store/pack/pack_scan.h"
#include "store/pack/patch.h"

namespace varve {
namespace {

constexpr std::uint64_t piece_bytes = 2u << 20;

/// Reads header and trailer, then, to check it whole, all bytes once and in order, in pieces that consist of whole
/// frames.
class PackCheckWalk {
public:
    PackCheckWalk(const Backend& backend, const RepositoryId& repository, const PackFacts& facts, PackCheck check,
                  const SlotReader& reader, const std::function<void(const PackDamage&)>& damage)
        : backend_(backend),
          repository_(repository),
          facts_(facts),
          check_(check),
          pack_(backend, facts.id),
          slots_reader_(reader),
          damage_(damage) {}

    ChunkStore::CheckedPack run(std::shared_ptr<const SlotTable> known) {
        const std::uint64_t size = backend_size();
        if (size != facts_.size.value)
            report(fmt::format("{}: expected {} bytes, found {}", pack_.object(), facts_.size.value, size));
        table_ = choose_table(std::move(known));
        if (check_ == PackCheck::whole)
            walk(size);
        else
            report_lost_frames(first_frame_past(size));
        return checked_;
    }

private:
    std::uint64_t backend_size() const {
        const auto size = backend_.size(pack_name(facts_.id));
        if (!size)
            throw Error(ErrorCode::not_found,
                        fmt::format("{} is missing; 'varve verify' reports what it held", pack_.object()));
        return size->value;
    }

    void report(std::string message) const { damage_({std::nullopt, std::move(message), false}); }
    void report(std::uint32_t slot, std::string message) const { damage_({slot, std::move(message), false}); }

    /// Its own table, or the known copy, or a table made from its frames.
    std::shared_ptr<const SlotTable> choose_table(std::shared_ptr<const SlotTable> known) const {
        std::shared_ptr<const SlotTable> own;
        try {
            const StoredPack found = pack_.read_trailer(repository_);
            own = found.slots;
            if (found.facts.kind != facts_.kind)
                report(fmt::format("{}: expected a pack of another kind", pack_.object()));
            if (known != nullptr && *known != *own)
                report(fmt::format("{}: its slot table differs from the log's copy", pack_.object()));
            if (check_ == PackCheck::trailer) {
                compare_header(found.facts.kind);
                compare_footer_digest(found.facts.digest.view());
            }
        } catch (const Error& error) {
            if (error.code() == ErrorCode::not_found) throw;
            // A data pack's slot table is copied to a metadata pack; a metadata pack has only its own.
            damage_({std::nullopt, error.what(), facts_.kind == PackKind::metadata});
        }
        if (known != nullptr) return known;
        if (own != nullptr) return own;
        return check_ == PackCheck::whole ? scanned_table() : std::make_shared<const SlotTable>();
    }

    std::shared_ptr<const SlotTable> scanned_table() const {
        auto scanned = scan_pack(backend_, facts_.id).slot_table();
        if (!scanned)
            report(fmt::format("{}: frames are lost, and there is no copy of its slot table; run 'varve rebuild'",
                               pack_.object()));
        return std::make_shared<const SlotTable>(scanned ? std::move(*scanned) : SlotTable());
    }

    void walk(std::uint64_t size) {
        std::size_t frame = 0;
        for (std::uint64_t at = 0; at < size;) {
            const std::size_t first = frame;
            const std::uint64_t end = piece_end(at, size, frame);
            if (read_piece(at, end)) {
                hash(at, size);
                for (std::size_t i = first; i < frame; ++i) check_frame(static_cast<std::uint32_t>(i), at, piece_);
            } else {
                for (std::size_t i = first; i < frame; ++i) check_frame_alone(static_cast<std::uint32_t>(i));
            }
            at = end;
        }
        report_lost_frames(frame);
        if (all_read_) compare_digests();
    }

    /// Reports these bytes and returns false if they can't be read. A pack that has vanished ends the check.
    bool read_piece(std::uint64_t begin, std::uint64_t end) {
        try {
            piece_.resize(end - begin);
            pack_.read({begin}, piece_);
            return true;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::not_found) throw;
            report(error.what());
            all_read_ = false;
            return false;
        }
    }

    /// Goes frame by frame if a large piece could not be read, because most of it may be sound.
    void check_frame_alone(std::uint32_t ordinal) {
        const Frame& frame = table_->frames[ordinal];
        try {
            piece_.resize(frame.header_bytes + frame.stored_bytes);
            pack_.read({frame.offset}, piece_);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::not_found) throw;
            tell_frame(frame, error.what());
            return;
        }
        check_frame(ordinal, frame.offset, piece_);
    }

    /// The digest covers all bytes except its own at the end.
    void hash(std::uint64_t at, std::uint64_t size) {
        const std::uint64_t end = std::min(at + piece_.size(), size - std::min<std::uint64_t>(size, sha256_bytes));
        if (at < end) hasher_.update(ByteView(piece_).first(end - at));
        const ByteView tail = ByteView(piece_).subspan(end > at ? end - at : 0);
        footer_digest_.insert(footer_digest_.end(), tail.begin(), tail.end());
    }

    void tell_frame(const Frame& frame, const std::string& message) const {
        for (std::uint32_t i = 0; i < frame.slot_count; ++i) report(frame.first_slot + i, message);
    }

    /// Where the piece that begins at `at` ends: after a whole frame, if one ends within reach. Moves `frame` past the
    /// frames of the piece.
    std::uint64_t piece_end(std::uint64_t at, std::uint64_t size, std::size_t& frame) const {
        std::uint64_t end = at;
        for (; frame < table_->frames.size(); ++frame) {
            const Frame& next = table_->frames[frame];
            if (next.offset < at || next.end() > size) break;
            if (next.offset - at > piece_bytes) return end > at ? end : at + std::min(piece_bytes, next.offset - at);
            if (end > at && next.end() - at > piece_bytes) return end;
            end = next.end();
        }
        return end > at ? end : std::min(size, at + piece_bytes);
    }

    std::size_t first_frame_past(std::uint64_t size) const {
        const auto found = std::ranges::find_if(table_->frames, [&](const Frame& frame) { return frame.end() > size; });
        return static_cast<std::size_t>(found - table_->frames.begin());
    }

    /// Reports frames past the end of a truncated file.
    void report_lost_frames(std::size_t first) const {
        for (std::size_t i = first; i < table_->frames.size(); ++i) {
            const Frame& frame = table_->frames[i];
            tell_frame(frame, fmt::format("{}, frame {} at offset {}: it is past the end of the file", pack_.object(),
                                          i, frame.offset));
        }
    }

    void check_frame(std::uint32_t ordinal, std::uint64_t piece_begin, ByteView piece) {
        const Frame& frame = table_->frames[ordinal];
        const ByteView bytes = piece.subspan(frame.offset - piece_begin, frame.header_bytes + frame.stored_bytes);
        const std::string object = fmt::format("{}, frame {} at offset {}", pack_.object(), ordinal, frame.offset);
        check_frame_header(frame, ordinal, bytes.first(frame.header_bytes), object);
        Bytes plain(frame.plain_bytes);
        try {
            decode_frame(frame, bytes.subspan(frame.header_bytes), plain, object);
        } catch (const Error& error) {
            return tell_frame(frame, error.what());
        }
        for (std::uint32_t i = 0; i < frame.slot_count; ++i) check_slot(frame.first_slot + i, plain);
    }

    void check_frame_header(const Frame& frame, std::uint32_t ordinal, ByteView bytes,
                            const std::string& object) const {
        try {
            FrameHeader header = parse_frame_header(bytes, facts_.id, object);
            header.frame.offset = frame.offset;
            const auto slots = std::span(table_->slots).subspan(frame.first_slot, frame.slot_count);
            if (header.frame != frame || header.ordinal != ordinal ||
                !std::equal(slots.begin(), slots.end(), header.slots.begin(), header.slots.end()))
                report(object + ": its header and the slot table contradict each other");
        } catch (const Error& error) {
            report(error.what());
        }
    }

    void check_slot(std::uint32_t number, ByteView plain) {
        const Slot& slot = table_->slots[number];
        const ByteView content = plain.subspan(slot.offset, slot.length);
        ++checked_.slots;
        checked_.plain += ByteCount{slot.kind == SlotKind::patch ? chunk_bytes : slot.length};
        try {
            if (slot.kind == SlotKind::patch) return check_patch(number, content);
            check_content(backend_, facts_.id, *table_, number, content);
        } catch (Error& error) {
            if (slot.kind == SlotKind::patch)
                error.with_context(describe_slot(backend_, facts_.id, *table_, number) + ", a patch");
            report(number, error.what());
        }
    }

    void check_patch(std::uint32_t number, ByteView blocks) const {
        slots_reader_.get_base(table_->base_of(number), [&](std::size_t, ByteView base) {
            Bytes chunk(base.begin(), base.end());
            apply_patch(table_->slots[number], blocks, chunk);
            check_content(backend_, facts_.id, *table_, number, chunk);
        });
    }

    /// The digest of all bytes, the one at the file's end and the one in the log must be equal.
    void compare_digests() {
        if (const Digest found = hasher_.finish(); found != facts_.digest)
            report(fmt::format("{}: expected digest {}, found {}", pack_.object(), to_hex(facts_.digest.view()),
                               to_hex(found.view())));
        compare_footer_digest(footer_digest_);
    }

    /// The header's reserved bytes, too. (When the pack is read whole, the digest proves them.)
    void compare_header(PackKind kind) const {
        std::array<std::byte, pack_header_bytes> found;
        pack_.read({}, found);
        if (!std::ranges::equal(found, encode(PackHeader{kind, repository_, facts_.id})))
            report(fmt::format("{}: expected zeros in the reserved bytes of its header, found others", pack_.object()));
    }

    void compare_footer_digest(ByteView found) const {
        if (!std::equal(found.begin(), found.end(), facts_.digest.bytes.begin(), facts_.digest.bytes.end()))
            report(fmt::format("{}: expected digest {} at its end, found {}", pack_.object(),
                               to_hex(facts_.digest.view()), to_hex(found)));
    }

    const Backend& backend_;
    const RepositoryId& repository_;
    const PackFacts& facts_;
    const PackCheck check_;
    const PackReader pack_;
    const SlotReader& slots_reader_;
    const std::function<void(const PackDamage&)>& damage_;
    std::shared_ptr<const SlotTable> table_;
    Bytes piece_;          ///< the piece being checked
    Bytes footer_digest_;  ///< the last bytes of the file
    Sha256 hasher_;
    bool all_read_ = true;
    ChunkStore::CheckedPack checked_;
};

}  // namespace

ChunkStore::CheckedPack check_pack(const Backend& backend, const RepositoryId& repository, const PackFacts& facts,
                                   PackCheck check, std::shared_ptr<const SlotTable> slots, const SlotReader& reader,
                                   const std::function<void(const PackDamage&)>& damage) {
    return PackCheckWalk(backend, repository, facts, check, reader, damage).run(std::move(slots));
}

}  // namespace varve
