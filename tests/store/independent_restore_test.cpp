// Restores the golden repository of format version 1 with a reader written from FORMAT.md alone, as that page promises:
// it shares no code with the store but SHA-256. It fails if the store and the page ever say different things.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include <zstd.h>

#include "engine/base/digest.h"
#include "engine/base/hex.h"
#include "tests/catch.h"
#include "tests/support/build_paths.h"

namespace varve {
namespace {

constexpr std::uint64_t chunk = 65536;
constexpr unsigned present = 2;

std::string sha256_of(std::string_view bytes) { return std::string(text_of(sha256(bytes_of(bytes)).bytes)); }
std::string hex_of(std::string_view bytes) { return to_hex(bytes_of(bytes)); }

/// Reads fields one after the other.
class Fields {
public:
    explicit Fields(std::string_view bytes, std::size_t at = 0) : rest_(bytes.substr(at)) {}

    std::string take(std::size_t count) {
        REQUIRE(count <= rest_.size());
        std::string bytes(rest_.substr(0, count));
        rest_.remove_prefix(count);
        return bytes;
    }
    std::uint64_t number(unsigned width) {
        const std::string bytes = take(width);
        std::uint64_t value = 0;
        for (unsigned i = width; i-- > 0;) value = value * 256 + static_cast<unsigned char>(bytes[i]);
        return value;
    }
    std::string str() { return take(number(2)); }
    void skip_map() {
        for (std::uint64_t count = number(2); count > 0; --count) {
            str();
            str();
        }
    }
    bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

struct Address {
    std::string pack;
    std::uint64_t slot = 0;
    friend auto operator<=>(const Address&, const Address&) = default;
};

Address address_in(Fields& from) {
    const std::string pack = from.take(16);
    return {pack, from.number(4)};
}

struct SnapshotFacts {
    std::string disk;
    std::uint64_t size = 0;
    std::string root;
    std::string map_digest;
    Address map;
    struct File {
        std::string name;
        Address address;
        std::uint64_t bytes = 0;
    };
    std::vector<File> attachments;
};

struct FrameFacts {
    std::uint64_t offset, header, stored, plain, codec;
};
struct SlotFacts {
    std::string id;
    std::uint64_t kind, mask, frame, offset, length;
};
/// A pack with its slot table; `bases` by patch slot.
struct PackFile {
    std::string bytes;
    std::vector<FrameFacts> frames;
    std::vector<SlotFacts> slots;
    std::map<std::uint64_t, Address> bases;
};

/// What FORMAT.md says, and nothing else.
class PageReader {
public:
    explicit PageReader(std::filesystem::path folder) : folder_(std::move(folder)) { read_log(); }

    std::map<std::string, SnapshotFacts> snapshots;  ///< by id

    /// Section 7, from the root page down; each digest is checked.
    std::string disk_of(const SnapshotFacts& snapshot) {
        std::string disk(snapshot.size, '\0');
        REQUIRE(read_page(3, 0, snapshot.map, disk) == snapshot.map_digest);
        std::string size;
        for (unsigned i = 0; i < 8; ++i) size += static_cast<char>(snapshot.size >> (8 * i) & 0xff);
        REQUIRE(sha256_of("\xff" + size + snapshot.map_digest) == snapshot.root);
        return disk;
    }

    std::string content_of(const Address& address) { return content_at(resolved(address)); }

private:
    using Moves = std::vector<std::pair<Address, std::pair<std::uint64_t, Address>>>;  ///< old, count, new

    std::string file(const std::string& name) const {
        std::ifstream in(folder_ / name, std::ios::binary);
        REQUIRE(in.good());
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string pack_name(const std::string& id) const { return "packs/" + hex_of(id).substr(0, 2) + "/" + hex_of(id); }
    static std::string entry_name(unsigned number) {
        const std::string digits = std::to_string(number);
        return "log/" + std::string(16 - digits.size(), '0') + digits;
    }

    /// Sections 3, 8 and 9.
    void read_log() {
        std::string previous;
        for (unsigned number = 1; std::filesystem::exists(folder_ / entry_name(number)); ++number) {
            const std::string entry = file(entry_name(number));
            REQUIRE(sha256_of(entry.substr(0, entry.size() - 32)) == entry.substr(entry.size() - 32));
            Fields head(entry);
            REQUIRE(head.take(8) == "VARVELOG");
            REQUIRE(head.number(4) == 1);  // version 1, no cipher
            const std::uint64_t body = head.number(4);
            REQUIRE(entry.size() == 80 + body + 112);
            if (number == 1) previous = sha256_of(head.take(16));
            read_body(entry.substr(80, body), number, previous);
            previous = sha256_of(entry);
        }
    }

    void read_body(const std::string& body, unsigned number, const std::string& previous) {
        tables_.emplace_back();
        for (Fields records(body); !records.at_end();) {
            const std::uint64_t type = records.number(2);
            records.number(2);
            const std::string record = records.take(records.number(4));
            Fields fields(record);
            if (type == 1) {
                REQUIRE(fields.number(8) == number);
                REQUIRE(fields.take(32) == previous);
            } else if (type == 10) {
                read_snapshot(fields);
            } else if (type == 11) {
                expected_[fields.take(16)] = record.substr(17, 40);
            } else if (type == 20) {
                snapshots.erase(fields.take(16));
            } else if (type == 30) {
                tables_.back().push_back(address_in(fields));
            } else if (type == 31) {
                condemned_.insert(fields.take(16));
            } else {
                REQUIRE((type == 12 || type == 40));
            }
        }
    }

    void read_snapshot(Fields& fields) {
        const std::string id = fields.take(16);
        SnapshotFacts facts;
        fields.take(16);
        facts.disk = fields.str();
        fields.number(8);
        facts.size = fields.number(8);
        facts.root = fields.take(32);
        facts.map_digest = fields.take(32);
        facts.map = address_in(fields);
        for (int text = 0; text < 3; ++text) fields.str();
        fields.skip_map();
        fields.str();
        fields.take(fields.number(4));
        fields.skip_map();
        fields.take(7 * 8);
        for (std::uint64_t count = fields.number(2); count > 0; --count) {
            const std::string name = fields.str();
            const Address address = address_in(fields);
            facts.attachments.push_back({name, address, fields.number(8)});
        }
        snapshots[id] = facts;
    }

    /// Section 9, 3: each table applies once, in the order of the log.
    Address resolved(Address address) {
        for (const std::vector<Address>& entry : tables_)
            for (const Address& table : entry)
                if (const auto moved = moved_by(table, address)) {
                    address = *moved;
                    break;
                }
        REQUIRE(!condemned_.contains(address.pack));
        return address;
    }

    std::optional<Address> moved_by(const Address& table, const Address& address) {
        for (const auto& [from, to] : moves_of(table)) {
            const auto& [count, begin] = to;
            if (address.pack == from.pack && address.slot >= from.slot && address.slot - from.slot < count)
                return Address{begin.pack, begin.slot + (address.slot - from.slot)};
        }
        return std::nullopt;
    }

    const Moves& moves_of(const Address& table) {
        if (const auto known = moves_.find(table); known != moves_.end()) return known->second;
        Moves& moves = moves_[table];
        if (!std::filesystem::exists(folder_ / pack_name(table.pack))) {
            REQUIRE(condemned_.contains(table.pack));  // then a later entry has repeated its moves
            return moves;
        }
        const std::string content = content_at(table);
        Fields fields(content);
        REQUIRE(fields.take(4) == "VMOV");
        REQUIRE(fields.number(4) == 1);
        std::uint64_t count = fields.number(4);
        for (fields.number(4); count > 0; --count) {
            const Address from = address_in(fields);
            const std::uint64_t slots = fields.number(4);
            moves.push_back({from, {slots, address_in(fields)}});
        }
        REQUIRE(fields.at_end());
        return moves;
    }

    /// Section 5, from the footer backwards.
    const PackFile& pack(const std::string& id) {
        if (const auto known = packs_.find(id); known != packs_.end()) return known->second;
        PackFile& pack = packs_[id];
        pack.bytes = file(pack_name(id));
        const std::size_t end = pack.bytes.size();
        REQUIRE(sha256_of(pack.bytes.substr(0, end - 32)) == pack.bytes.substr(end - 32));
        REQUIRE(expected_.at(id).substr(0, 32) == pack.bytes.substr(end - 32));
        REQUIRE(Fields(expected_.at(id), 32).number(8) == end);
        Fields table(pack.bytes, Fields(pack.bytes, end - 80).number(8));
        REQUIRE(table.take(4) == "VSLT");
        REQUIRE(table.number(4) == 1);
        const std::uint64_t frames = table.number(4), slots = table.number(4), bases = table.number(4);
        table.number(4);
        for (std::uint64_t i = 0; i < frames; ++i) {
            FrameFacts frame{table.number(8), table.number(4), table.number(4), table.number(4), 0};
            table.number(6);  // its first slot, and how many
            frame.codec = table.number(1);
            table.number(5);
            pack.frames.push_back(frame);
        }
        for (std::uint64_t i = 0; i < slots; ++i) {
            const std::string slot_id = table.take(32);
            table.take(16);
            const std::uint64_t kind = table.number(1);
            table.number(1);
            const std::uint64_t mask = table.number(2), frame = table.number(4), offset = table.number(4);
            pack.slots.push_back({slot_id, kind, mask, frame, offset, table.number(4)});
        }
        for (std::uint64_t i = 0; i < bases; ++i) {
            const std::uint64_t slot = table.number(4);
            pack.bases[slot] = address_in(table);
        }
        return pack;
    }

    /// The content of a slot in its place; of a patch, the chunk that it makes.
    std::string content_at(const Address& address) {
        const PackFile& in = pack(address.pack);
        const SlotFacts& slot = in.slots.at(address.slot);
        std::string content = plain_of(in, in.frames.at(slot.frame)).substr(slot.offset, slot.length);
        if (slot.kind == 2) {
            std::string whole = content_of(in.bases.at(address.slot));
            for (std::size_t block = 0; block < 16; ++block) {
                if ((slot.mask >> block & 1) == 0) continue;
                whole.replace(block * 4096, 4096, content, 0, 4096);
                content.erase(0, 4096);
            }
            content = whole;
        }
        REQUIRE(sha256_of(content) == slot.id);
        return content;
    }

    static std::string plain_of(const PackFile& in, const FrameFacts& frame) {
        const std::string payload = in.bytes.substr(frame.offset + frame.header, frame.stored);
        if (frame.codec == 0) return payload;
        std::string plain(frame.plain, '\0');
        REQUIRE(ZSTD_decompress(plain.data(), plain.size(), payload.data(), payload.size()) == plain.size());
        return plain;
    }

    /// Fills in the part of the disk below a page, whose first chunk is `first`. Returns the page's digest.
    std::string read_page(unsigned level, std::uint64_t first, const Address& address, std::string& disk) {
        const std::string page = content_of(address);
        Fields fields(page);
        REQUIRE(fields.take(4) == (level == 0 ? "VMPL" : "VMPI"));
        REQUIRE(fields.number(1) == 1);
        REQUIRE(fields.number(1) == level);
        std::vector<std::string> ids;
        for (std::uint64_t count = fields.number(2); count > 0; --count) ids.push_back(fields.take(16));
        std::string digests(1, static_cast<char>(level));
        for (std::uint64_t entry = 0; entry < 256;) {
            const std::uint64_t kind = fields.number(1), count = fields.number(1) + 1;
            const auto chunk_of = [&](std::uint64_t number) { return first + (number << (8 * level)); };
            std::uint64_t index = 0, slot = 0;
            if (kind == present && level == 0) index = fields.number(2), slot = fields.number(4);
            for (std::uint64_t i = 0; i < count; ++i, ++entry) {
                if (kind != present)
                    digests.append(32, '\0');
                else if (level == 0)
                    digests += put_chunk({ids.at(index), slot + i}, chunk_of(entry), disk);
                else {
                    const std::string digest = fields.take(32);
                    const std::string& in = ids.at(fields.number(2));
                    REQUIRE(read_page(level - 1, chunk_of(entry), {in, fields.number(4)}, disk) == digest);
                    digests += digest;
                }
            }
        }
        REQUIRE(fields.at_end());
        return sha256_of(digests);
    }

    /// Returns the chunk's id.
    std::string put_chunk(const Address& address, std::uint64_t number, std::string& disk) {
        const std::string content = content_of(address);
        REQUIRE(content.size() == chunk);
        REQUIRE(number * chunk < disk.size());
        const std::size_t length = std::min<std::size_t>(chunk, disk.size() - number * chunk);
        disk.replace(number * chunk, length, content, 0, length);
        REQUIRE(content.find_first_not_of('\0', length) == std::string::npos);  // the padding
        return sha256_of(content);
    }

    const std::filesystem::path folder_;
    std::vector<std::vector<Address>> tables_;  ///< of each entry
    std::set<std::string> condemned_;
    std::map<std::string, std::string> expected_;  ///< digest and size of each pack, as its entry states
    std::map<Address, Moves> moves_;
    std::map<std::string, PackFile> packs_;
};

}  // namespace

TEST_CASE("the golden repository of version 1 can be restored by a reader that knows FORMAT.md alone", "[store]") {
    const std::string golden = test::source_path("tests/golden/repository/v1");
    PageReader reader(golden);
    std::set<std::string> restored;
    for (const auto& [id, snapshot] : reader.snapshots) {
        restored.insert(hex_of(sha256_of(reader.disk_of(snapshot))) + " " + std::to_string(snapshot.size) + " " +
                        hex_of(id) + " " + snapshot.disk);
        for (const SnapshotFacts::File& attachment : snapshot.attachments) {
            const std::string content = reader.content_of(attachment.address);
            REQUIRE(content.size() == attachment.bytes);
            restored.insert(hex_of(sha256_of(content)) + " " + std::to_string(content.size()) + " " + hex_of(id) +
                            " attachment " + attachment.name);
        }
    }
    std::set<std::string> expected;
    std::ifstream list(golden + ".txt");
    for (std::string line; std::getline(list, line);) {
        if (line.starts_with("#")) continue;
        std::istringstream words(line);
        std::string digest, size, id, what, name;
        words >> digest >> size >> id >> what >> name;
        std::string& row = digest;
        for (const std::string& word : {size, id, what}) row.append(" ").append(word);
        if (what == "attachment") row.append(" ").append(name);
        expected.insert(row);
    }
    REQUIRE(!expected.empty());
    REQUIRE(restored == expected);
}

}  // namespace varve
