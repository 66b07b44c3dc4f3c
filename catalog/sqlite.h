#pragma once
/// SQLite as the catalog uses it: a connection with its prepared statements, a running query, a transaction. No part of
/// sqlite3.h leaks. A connection and everything obtained from it are for one thread at a time. Every failure is
/// Error(io), or Error(catalog_damaged) when the file's content is to blame.

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/base/bytes.h"

struct sqlite3;
struct sqlite3_stmt;

namespace varve {

class SqliteDatabase;

/// A running statement with its values bound. Views that it returns are valid until the next step(). Bound texts and
/// blobs are borrowed: they must outlive the query.
class SqliteQuery {
public:
    template <typename... Values>
    SqliteQuery(SqliteDatabase& database, sqlite3_stmt* statement, const Values&... values)
        : database_(database), statement_(statement) {
        int index = 0;
        (bind(++index, values), ...);
    }
    ~SqliteQuery();
    SqliteQuery(const SqliteQuery&) = delete;
    SqliteQuery& operator=(const SqliteQuery&) = delete;

    /// Advances to the next row; false when there is none.
    bool step();

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    /// Unsigned numbers are stored as the signed number of the same 64 bits.
    std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    std::string_view text(int column) const;
    ByteView blob(int column) const;

private:
    template <std::integral T>
    void bind(int index, T value) {
        bind_integer(index, static_cast<std::int64_t>(value));
    }
    void bind(int index, std::string_view text);
    void bind(int index, ByteView blob);
    void bind(int index, std::nullptr_t);
    template <typename T>
    void bind(int index, const std::optional<T>& value) {
        if (value)
            bind(index, *value);
        else
            bind(index, nullptr);
    }
    void bind_integer(int index, std::int64_t value);

    SqliteDatabase& database_;
    sqlite3_stmt* statement_;
};

enum class SqlitePlace {
    file,
    memory,  ///< shared by this process's connections of the same name, which must be absolute; gone with the last one
};

class SqliteDatabase {
public:
    /// Opens an existing file in WAL mode (or a database in memory, which is created), synchronous=NORMAL, foreign keys
    /// on; waits a few seconds for locks. Blocks are allocated before SQLite's shared memory is mapped: a full file
    /// system is an Error(io), not a signal.
    SqliteDatabase(const std::filesystem::path& file, int cache_kib, SqlitePlace place = SqlitePlace::file);
    ~SqliteDatabase();
    SqliteDatabase(const SqliteDatabase&) = delete;
    SqliteDatabase& operator=(const SqliteDatabase&) = delete;

    /// Starts `sql` (prepared on first use) with `values` for its parameters. One query per text at a time.
    template <typename... Values>
    SqliteQuery query(std::string_view sql, const Values&... values) {
        return SqliteQuery(*this, prepared(sql), values...);
    }

    /// Runs a statement that returns no rows.
    template <typename... Values>
    void run(std::string_view sql, const Values&... values) {
        SqliteQuery(*this, prepared(sql), values...).step();
    }

    /// Runs a script of several statements.
    void execute(const std::string& script);

    /// Moves the write-ahead log into the database as far as readers allow, without waiting for anyone; empties it if
    /// all was moved.
    void checkpoint();

    /// The number that `pragma` returns.
    std::int64_t pragma(const std::string& name);

    const std::string& path() const { return path_; }
    [[noreturn]] void fail(int code) const;
    void check(int code) const;

private:
    sqlite3_stmt* prepared(std::string_view sql);
    void set_up(int cache_kib, SqlitePlace place);
    void check_writable() const;

    struct Closer {
        void operator()(sqlite3* handle) const;
    };
    struct Finalizer {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::string path_;
    std::unique_ptr<sqlite3, Closer> handle_;
    std::map<std::string, std::unique_ptr<sqlite3_stmt, Finalizer>, std::less<>> statements_;
};

enum class SqliteLock {
    shared,     ///< a frozen view of the database
    immediate,  ///< the one writer
};

/// Everything between construction and commit() happens or nothing does: the destructor of an uncommitted transaction
/// rolls back.
class SqliteTransaction {
public:
    SqliteTransaction(SqliteDatabase& database, SqliteLock lock);
    ~SqliteTransaction();
    SqliteTransaction(const SqliteTransaction&) = delete;
    SqliteTransaction& operator=(const SqliteTransaction&) = delete;

    void commit();

private:
    SqliteDatabase& database_;
    bool is_open_ = true;
};

}  // namespace varve
