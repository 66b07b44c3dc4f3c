#pragma once
/// The golden repository of format version 1, changed as the bytes of a fuzzer's input request, with all digests and
/// checksums made right afterwards: what a hostile writer would leave, who knows the format as well as varve does.
///
/// The input is one byte of HostileOptions, then changes of at least 5 bytes: the object (by its place in the sorted
/// names), how to change it (HostileChange in the lowest 3 bits, a slot in the others), the i16 offset (below 0: from
/// the end), and a count (lowest 3 bits) of the bytes that follow.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <xxhash.h>

#include "engine/repository/map_page.h"
#include "store/backend/local_backend.h"
#include "store/pack/frame_codec.h"
#include "store/pack/pack_names.h"
#include "tests/fakes/memory_backend.h"
#include "tests/support/build_paths.h"

namespace varve {

enum HostileOptions : unsigned {
    keep_chain = 1,   ///< entries keep the digests of those before them as they were
    right_roots = 2,  ///< snapshot records get the root that fits their size and map
    with_prune = 4,   ///< the target prunes, too
};

enum class HostileChange : unsigned {
    damage,         ///< bytes of the object; its checksums no longer match
    bytes,          ///< bytes of the object
    content,        ///< bytes of a slot of a metadata pack; its id follows
    pack_in_bytes,  ///< the id of the pack that the first byte chooses, at an offset of the object
    pack_in_content,
    cut,      ///< at the offset
    replace,  ///< by the object that the first byte chooses
    remove,
};

class HostileRepository {
public:
    HostileRepository() {
        const auto golden = LocalBackend::open(test::source_path("tests/golden/repository/v1"));
        for (const std::string& name : golden->list("", {})) {
            if (name.starts_with("leases/")) continue;
            names_.push_back(name);
            objects_[name] = golden->get(name, mib(1)).value();
            if (const auto id = pack_of_name(name)) packs_.push_back(*id);
        }
        // Checkpoints last: when they came, the seeds named the others by their places already.
        std::stable_partition(names_.begin(), names_.end(),
                              [](const std::string& name) { return !name.starts_with("checkpoints/"); });
    }

    unsigned options() const { return options_; }

    /// The repository as `input` changes it.
    void fill(MemoryBackend& backend, ByteView input) {
        auto objects = objects_;
        damaged_.clear();
        options_ = input.empty() ? 0 : std::to_integer<unsigned>(input[0]);
        std::vector<Change> changes = parse(input.empty() ? input : input.subspan(1));
        // Contents first: they move what follows them in a pack.
        std::stable_partition(changes.begin(), changes.end(), [](const Change& change) { return change.is_content(); });
        for (const Change& change : changes) apply(objects, change);
        for (auto& [name, bytes] : objects)
            if (!damaged_.contains(name) && bytes != objects_.at(name) && pack_of_name(name)) repair_pack(bytes);
        repair_log(objects);
        for (auto& [name, bytes] : objects) backend.replace(name, std::move(bytes));
    }

private:
    using Objects = std::map<std::string, Bytes>;

    struct Change {
        std::string object;
        HostileChange how{};
        unsigned slot = 0;
        std::int16_t offset = 0;
        ByteView bytes;
        bool is_content() const { return how == HostileChange::content || how == HostileChange::pack_in_content; }
    };

    std::vector<Change> parse(ByteView input) const {
        std::vector<Change> changes;
        while (input.size() >= 5) {
            Change change;
            change.object = names_[std::to_integer<std::size_t>(input[0]) % names_.size()];
            change.how = HostileChange(std::to_integer<unsigned>(input[1]) % 8);
            change.slot = std::to_integer<unsigned>(input[1]) / 8;
            change.offset = static_cast<std::int16_t>(load_le<std::uint16_t>(input.subspan(2)));
            const std::size_t count = std::to_integer<std::size_t>(input[4]) % 8;
            input = input.subspan(5);
            change.bytes = input.first(std::min(count, input.size()));
            input = input.subspan(change.bytes.size());
            changes.push_back(change);
        }
        return changes;
    }

    void apply(Objects& objects, const Change& change) {
        if (!objects.contains(change.object)) return;
        Bytes& bytes = objects[change.object];
        const std::size_t choice = change.bytes.empty() ? 0 : std::to_integer<std::size_t>(change.bytes[0]);
        const ByteView pack = packs_[choice % packs_.size()].view();
        switch (change.how) {
            case HostileChange::damage:
                damaged_.insert(change.object);
                [[fallthrough]];
            case HostileChange::bytes:
                return put(bytes, change.offset, change.bytes);
            case HostileChange::pack_in_bytes:
                return put(bytes, change.offset, pack);
            case HostileChange::content:
                return put_in_content(bytes, change, change.bytes);
            case HostileChange::pack_in_content:
                return put_in_content(bytes, change, pack);
            case HostileChange::cut:
                return bytes.resize(place(bytes, change.offset));
            case HostileChange::replace:
                bytes = objects_.at(names_[choice % names_.size()]);
                return;
            case HostileChange::remove:
                objects.erase(change.object);
        }
    }

    static std::size_t place(ByteView bytes, std::int16_t offset) {
        const std::size_t distance = std::min<std::size_t>(bytes.size(), static_cast<std::size_t>(std::abs(offset)));
        return offset < 0 ? bytes.size() - distance : distance;
    }

    static void put(ByteSpan bytes, std::int16_t offset, ByteView change) {
        const std::size_t at = place(bytes, offset);
        const std::size_t count = std::min(change.size(), bytes.size() - at);
        std::copy_n(change.begin(), count, bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }

    /// The parts of a pack that is still unchanged; nullopt if the object is not a pack.
    struct Parts {
        PackHeader header;
        PackFooter footer;
        SlotTable table;
    };
    static std::optional<Parts> parts_of(ByteView bytes) try {
        if (bytes.size() < pack_header_bytes + pack_footer_bytes) return std::nullopt;
        Parts parts;
        parts.header = parse_pack_header(bytes.first(pack_header_bytes), "seed");
        parts.footer = parse_pack_footer(bytes.last(pack_footer_bytes), bytes.size(), "seed");
        parts.table = parse_slot_table(bytes.subspan(parts.footer.table_offset, parts.footer.table_bytes), "seed");
        return parts;
    } catch (const Error&) {
        return std::nullopt;
    }

    static void put_in_content(Bytes& bytes, const Change& change, ByteView with) {
        const auto parts = parts_of(bytes);
        if (!parts || parts->header.kind != PackKind::metadata) return;
        const std::uint32_t slot = change.slot % static_cast<std::uint32_t>(parts->table.slots.size());
        bytes = with_content(bytes, *parts, slot, [&](ByteSpan content) { put(content, change.offset, with); });
    }

    /// The pack with one slot changed: its frame is encoded again, and all after it moves.
    template <typename Edit>
    static Bytes with_content(ByteView bytes, const Parts& parts, std::uint32_t slot, const Edit& edit) {
        Bytes result(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(parts.header.header_bytes));
        SlotTable table = parts.table;
        FrameEncoder encoder(1);
        for (std::uint32_t number = 0; number < table.frames.size(); ++number) {
            Frame& frame = table.frames[number];
            const ByteView whole = bytes.subspan(frame.offset, frame.header_bytes + frame.stored_bytes);
            const std::uint64_t offset = result.size();
            if (table.slots[slot].frame == number) {
                FrameDraft draft{parts.header.pack, number, frame.first_slot, {}, {}, Bytes(frame.plain_bytes)};
                decode_frame(frame, whole.subspan(frame.header_bytes), draft.plain, "seed");
                const ByteSpan content =
                    ByteSpan(draft.plain).subspan(table.slots[slot].offset, table.slots[slot].length);
                edit(content);
                table.slots[slot].id = sha256(content);
                const auto first = table.slots.begin() + static_cast<std::ptrdiff_t>(frame.first_slot);
                draft.slots.assign(first, first + static_cast<std::ptrdiff_t>(frame.slot_count));
                const EncodedFrame encoded = encoder.encode(std::move(draft));
                frame = encoded.header.frame;
                result.insert(result.end(), encoded.bytes.begin(), encoded.bytes.end());
            } else {
                result.insert(result.end(), whole.begin(), whole.end());
            }
            frame.offset = offset;
        }
        const Bytes tail = encode_tail(encode(table), result.size(), parts.header.pack);
        result.insert(result.end(), tail.begin(), tail.end());
        const Digest digest = sha256(result);
        result.insert(result.end(), digest.bytes.begin(), digest.bytes.end());
        return result;
    }

    static std::uint64_t checksum(ByteView bytes, ByteView pack) {
        return XXH3_64bits_withSeed(bytes.data(), bytes.size(), load_le<std::uint64_t>(pack));
    }

    /// Checksums of frame headers and tail, then the digest, as far as the bytes have such parts.
    static void repair_pack(Bytes& bytes) {
        if (bytes.size() < pack_header_bytes + pack_footer_bytes) return;
        const ByteSpan all(bytes);
        const std::size_t footer = bytes.size() - pack_footer_bytes;
        const ByteView id = all.subspan(footer + 16, 16);
        const std::uint64_t table = load_le<std::uint64_t>(all.subspan(footer));
        for (std::size_t at = pack_header_bytes; at + 8 <= footer;) {
            const std::size_t length = frame_header_length(all.subspan(at));
            if (length < 40 || length > footer - at) break;
            const std::size_t covered = length - 8;
            store_le(all.subspan(at + covered), checksum(all.subspan(at, covered), id));
            at += length + std::min<std::size_t>(load_le<std::uint32_t>(all.subspan(at + 24)), footer);
        }
        if (table < footer) store_le(all.subspan(footer + 40), checksum(all.subspan(table, footer + 40 - table), id));
        seal(bytes);
    }

    /// The SHA-256 at the end of packs and envelopes.
    static void seal(Bytes& bytes) {
        if (bytes.size() < sha256_bytes) return;
        const std::size_t covered = bytes.size() - sha256_bytes;
        const Digest digest = sha256(ByteView(bytes).first(covered));
        std::ranges::copy(digest.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(covered));
    }

    /// Lets the entries state what the packs are now, continues their chain, and seals them, and the config.
    void repair_log(Objects& objects) const {
        std::optional<Digest> previous;
        for (auto& [name, bytes] : objects) {
            if (pack_of_name(name)) continue;
            const bool is_entry = name.starts_with("log/");
            if (!damaged_.contains(name)) {
                if (is_entry) {
                    if (previous && (options_ & keep_chain) == 0) put_previous(bytes, *previous);
                    for_each_record(bytes, [&](unsigned type, ByteSpan fields) {
                        if (type == 11) put_facts(fields, objects);
                        if (type == 10 && (options_ & right_roots) != 0) put_root(fields);
                    });
                }
                seal(bytes);
            }
            if (is_entry) previous = sha256(bytes);
        }
    }

    template <typename Use>
    static void for_each_record(Bytes& bytes, const Use& use) {
        if (bytes.size() < 192) return;
        ByteSpan body = ByteSpan(bytes).subspan(80, bytes.size() - 192);
        while (body.size() >= 8) {
            const std::size_t length = load_le<std::uint32_t>(body.subspan(4));
            if (length > body.size() - 8) return;
            use(load_le<std::uint16_t>(body), body.subspan(8, length));
            body = body.subspan(8 + length);
        }
    }

    static void put_previous(Bytes& bytes, const Digest& previous) {
        for_each_record(bytes, [&](unsigned type, ByteSpan fields) {
            if (type == 1 && fields.size() >= 40) std::ranges::copy(previous.bytes, fields.begin() + 8);
        });
    }

    /// Pack record: id, kind, digest, size.
    static void put_facts(ByteSpan fields, const Objects& objects) {
        if (fields.size() < 57) return;
        PackId id;
        std::copy_n(fields.begin(), 16, id.bytes.begin());
        const auto found = objects.find(pack_name(id));
        if (found == objects.end() || found->second.size() < sha256_bytes) return;
        std::copy(found->second.end() - sha256_bytes, found->second.end(), fields.begin() + 17);
        store_le<std::uint64_t>(fields.subspan(49), found->second.size());
    }

    /// Snapshot record: id, parent, disk, time, size, root, digest of the root page.
    static void put_root(ByteSpan fields) {
        if (fields.size() < 34) return;
        const std::size_t size_at = 34 + std::size_t{load_le<std::uint16_t>(fields.subspan(32))} + 8;
        if (fields.size() < size_at + 72) return;
        Digest map;
        std::copy_n(fields.begin() + static_cast<std::ptrdiff_t>(size_at + 40), 32, map.bytes.begin());
        const Digest root = root_identity({load_le<std::uint64_t>(fields.subspan(size_at))}, map);
        std::ranges::copy(root.bytes, fields.begin() + static_cast<std::ptrdiff_t>(size_at + 8));
    }

    std::vector<std::string> names_;
    std::vector<PackId> packs_;
    Objects objects_;
    std::set<std::string> damaged_;
    unsigned options_ = 0;
};

}  // namespace varve
