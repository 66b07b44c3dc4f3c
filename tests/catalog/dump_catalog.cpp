#include "tests/catalog/dump_catalog.h"

#include <map>
#include <memory>
#include <set>
#include <stdexcept>

#include <sqlite3.h>

#include "engine/base/bytes.h"
#include "engine/base/digest.h"
#include "engine/base/hex.h"

namespace varve {
namespace {

/// One row in text: columns by '|', blobs by the first 16 hex digits of their SHA-256.
std::string row_text(sqlite3_stmt* row) {
    std::string text;
    for (int i = 0; i < sqlite3_column_count(row); ++i) {
        const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(row, i));
        const ByteView bytes(data, static_cast<std::size_t>(sqlite3_column_bytes(row, i)));
        text += i > 0 ? "|" : "";
        text += sqlite3_column_type(row, i) == SQLITE_BLOB ? to_hex(sha256(bytes).view()).substr(0, 16)
                                                           : std::string(text_of(bytes));
    }
    return text;
}

class Dump {
public:
    explicit Dump(const std::filesystem::path& file) {
        sqlite3* handle = nullptr;
        const int code = sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr);
        database_.reset(handle);
        if (code != SQLITE_OK) throw std::runtime_error("cannot open " + file.string());
    }

    template <typename Sink>
    void each_row(const std::string& sql, const Sink& sink) {
        sqlite3_stmt* handle = nullptr;
        sqlite3_prepare_v2(database_.get(), sql.c_str(), -1, &handle, nullptr);
        const std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> statement(handle, sqlite3_finalize);
        int code = SQLITE_ERROR;
        while (handle != nullptr && (code = sqlite3_step(handle)) == SQLITE_ROW) sink(handle);
        if (code != SQLITE_DONE) throw std::runtime_error(sql + ": " + sqlite3_errmsg(database_.get()));
    }

    void section(const std::string& name, const std::string& sql) {
        text_ += "[" + name + "]\n";
        each_row(sql, [&](sqlite3_stmt* row) { text_ += row_text(row) + "\n"; });
    }

    /// The index as a set, since the distribution of entries over runs depends on when they came.
    void index() {
        std::map<std::uint32_t, std::string> committed;
        each_row("SELECT number, id FROM packs WHERE state = 'committed'", [&](sqlite3_stmt* row) {
            committed[static_cast<std::uint32_t>(sqlite3_column_int64(row, 0))] =
                reinterpret_cast<const char*>(sqlite3_column_text(row, 1));
        });
        std::set<std::string> lines;
        each_row("SELECT entries FROM id_pages", [&](sqlite3_stmt* row) {
            ByteView bytes(static_cast<const std::byte*>(sqlite3_column_blob(row, 0)),
                           static_cast<std::size_t>(sqlite3_column_bytes(row, 0)));
            for (; !bytes.empty(); bytes = bytes.subspan(16)) {
                const auto pack = committed.find(load_le<std::uint32_t>(bytes.subspan(8)));
                if (pack == committed.end()) continue;
                std::array<std::byte, 8> tag{};
                store_be(ByteSpan(tag), load_le<std::uint64_t>(bytes));
                lines.insert(to_hex(tag) + "|" + pack->second + "|" +
                             std::to_string(load_le<std::uint32_t>(bytes.subspan(12))));
            }
        });
        text_ += "[index]\n";
        for (const std::string& line : lines) text_ += line + "\n";
    }

    std::string take() { return std::move(text_); }

private:
    std::unique_ptr<sqlite3, int (*)(sqlite3*)> database_{nullptr, sqlite3_close};
    std::string text_;
};

}  // namespace

std::string dump_catalog(const std::filesystem::path& folder, DumpScope scope) {
    Dump dump(folder / "catalog.sqlite");
    dump.section("meta", "SELECT * FROM meta ORDER BY name");
    dump.section("state", "SELECT log_number, log_digest, last_move, move_tables FROM state");
    if (scope == DumpScope::everything) dump.section("log", "SELECT * FROM log ORDER BY number");
    dump.section("disks", "SELECT * FROM disks ORDER BY disk");
    dump.section("snapshots", "SELECT * FROM snapshots ORDER BY id");
    dump.section("tags", "SELECT * FROM tags ORDER BY snapshot, name");
    dump.section("source_options", "SELECT * FROM source_options ORDER BY snapshot, name");
    dump.section("attachments", "SELECT * FROM attachments ORDER BY snapshot, position");
    dump.section("unreadable", "SELECT * FROM unreadable ORDER BY snapshot, position");
    const std::string facts_of = scope == DumpScope::everything ? "('committed', 'condemned')" : "('committed')";
    dump.section("condemned", "SELECT id, moves FROM packs WHERE state = 'condemned' ORDER BY id");
    dump.section("packs",
                 "SELECT id, state, kind, digest, size, entry, moves, CASE state WHEN 'committed' THEN slots END, "
                 "CASE state WHEN 'committed' THEN chunks END FROM packs WHERE state IN " +
                     facts_of + " ORDER BY id");
    dump.section("slot_tables",
                 "SELECT packs.id, bytes FROM slot_tables JOIN packs ON packs.number = pack WHERE state = 'committed' "
                 "ORDER BY packs.id");
    dump.section("moves",
                 "SELECT table_no, a.id, from_slot, moves.slots, b.id, to_slot, moves.entry FROM moves JOIN packs a ON "
                 "a.number = from_pack "
                 "JOIN packs b ON b.number = to_pack ORDER BY table_no, a.id, from_slot");
    dump.index();
    return dump.take();
}

}  // namespace varve
