#include "catalog/sqlite.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <mutex>

#include <fmt/format.h>
#include <sqlite3.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/repository/catalog.h"

namespace varve {
namespace {

/// Readers wait for another program only while it opens the database first and recovers the write-ahead log: that
/// takes milliseconds. Writers wait for each other at the catalog's own lock.
constexpr int busy_timeout_ms = 3'000;

/// Whether an error means that the bytes of the file are not what this program wrote. A statement that does not match
/// the schema or a violated constraint means that too, as all statements match the schema that schema.cpp creates.
bool is_damage(int code) {
    switch (code & 0xff) {
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_SCHEMA:
        case SQLITE_ERROR:
        case SQLITE_CONSTRAINT:
        case SQLITE_MISMATCH:
        case SQLITE_FORMAT:
            return true;
        default:
            return code == SQLITE_IOERR_SHORT_READ;
    }
}

/// mmap for SQLite: what is mapped for writing gets its blocks first. Otherwise, on a full file system, the first
/// access to a page would be a SIGBUS. File systems that cannot allocate are left to SQLite's own way.
void* map_allocated(void* wanted, std::size_t length, int protection, int flags, int fd, off_t offset) {
    if (fd >= 0 && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0) {
        int result = 0;
        do {
            result = ::fallocate(fd, 0, offset, static_cast<off_t>(length));
        } while (result != 0 && errno == EINTR);
        if (result != 0 && errno != EOPNOTSUPP && errno != ENOSYS) return MAP_FAILED;
    }
    return ::mmap(wanted, length, protection, flags, fd, offset);
}

/// Once per process, before its first connection.
void allocate_what_is_mapped() {
    static std::once_flag once;
    std::call_once(once, [] {
        sqlite3_vfs* vfs = sqlite3_vfs_find(nullptr);
        VARVE_CHECK(vfs != nullptr && vfs->iVersion >= 3);
        VARVE_CHECK(vfs->xSetSystemCall(vfs, "mmap", reinterpret_cast<sqlite3_syscall_ptr>(map_allocated)) ==
                    SQLITE_OK);
    });
}

}  // namespace

SqliteQuery::~SqliteQuery() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
}

bool SqliteQuery::step() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_.fail(code);
    return false;
}

bool SqliteQuery::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::int64_t SqliteQuery::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view SqliteQuery::text(int column) const {
    const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (begin == nullptr) return {};
    return {begin, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ByteView SqliteQuery::blob(int column) const {
    const auto* begin = static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
    if (begin == nullptr) return {};
    return {begin, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void SqliteQuery::bind_integer(int index, std::int64_t value) {
    database_.check(sqlite3_bind_int64(statement_, index, value));
}

void SqliteQuery::bind(int index, std::string_view text) {
    const char* begin = text.empty() ? "" : text.data();
    database_.check(sqlite3_bind_text64(statement_, index, begin, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void SqliteQuery::bind(int index, ByteView blob) {
    const void* begin = blob.empty() ? static_cast<const void*>("") : blob.data();
    database_.check(sqlite3_bind_blob64(statement_, index, begin, blob.size(), SQLITE_STATIC));
}

void SqliteQuery::bind(int index, std::nullptr_t) { database_.check(sqlite3_bind_null(statement_, index)); }

void SqliteDatabase::Closer::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
void SqliteDatabase::Finalizer::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

SqliteDatabase::SqliteDatabase(const std::filesystem::path& file, int cache_kib, SqlitePlace place)
    : path_(file.string()) {
    allocate_what_is_mapped();
    const bool in_memory = place == SqlitePlace::memory;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (in_memory ? SQLITE_OPEN_CREATE : 0);
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path_.c_str(), &handle, flags, in_memory ? "memdb" : nullptr);
    handle_.reset(handle);
    if (in_memory) path_ = "in memory";
    check(code);
    set_up(cache_kib, place);
}

SqliteDatabase::~SqliteDatabase() = default;

void SqliteDatabase::set_up(int cache_kib, SqlitePlace place) {
    check(sqlite3_extended_result_codes(handle_.get(), 1));
    check(sqlite3_busy_timeout(handle_.get(), busy_timeout_ms));
    // The last program to close neither locks the database against others nor empties the write-ahead log:
    // checkpoint() does that while it is open.
    check(sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr));
    execute(
        fmt::format("PRAGMA page_size=16384; {} PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
                    "PRAGMA cell_size_check=ON; PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY;"
                    "PRAGMA mmap_size=0; PRAGMA cache_size=-{}; PRAGMA journal_size_limit=67108864;",
                    place == SqlitePlace::file ? "PRAGMA journal_mode=WAL;" : "", cache_kib));
    if (place == SqlitePlace::file) check_writable();
}

void SqliteDatabase::check_writable() const {
    if (sqlite3_db_readonly(handle_.get(), "main") != 1) return;
    if (::access(path_.c_str(), W_OK) == 0)
        throw Error(ErrorCode::catalog_damaged, fmt::format("catalog '{}' is marked as read-only", path_));
    throw io_error(fmt::format("cannot write the catalog '{}'", path_), errno);
}

void SqliteDatabase::checkpoint() {
    check(sqlite3_busy_timeout(handle_.get(), 0));
    const int code = sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    check(sqlite3_busy_timeout(handle_.get(), busy_timeout_ms));
    if ((code & 0xff) != SQLITE_BUSY) check(code);
}

sqlite3_stmt* SqliteDatabase::prepared(std::string_view sql) {
    const auto found = statements_.find(sql);
    if (found != statements_.end()) {
        VARVE_CHECK(sqlite3_stmt_busy(found->second.get()) == 0);
        return found->second.get();
    }
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                             &statement, nullptr));
    return statements_.emplace(std::string(sql), statement).first->second.get();
}

void SqliteDatabase::execute(const std::string& script) {
    check(sqlite3_exec(handle_.get(), script.c_str(), nullptr, nullptr, nullptr));
}

std::int64_t SqliteDatabase::pragma(const std::string& name) {
    SqliteQuery answer = query("PRAGMA " + name);
    return answer.step() ? answer.integer(0) : 0;
}

void SqliteDatabase::check(int code) const {
    if (code != SQLITE_OK) fail(code);
}

void SqliteDatabase::fail(int code) const {
    const std::string message = handle_ ? sqlite3_errmsg(handle_.get()) : sqlite3_errstr(code);
    if (is_damage(code))
        throw Error(ErrorCode::catalog_damaged, fmt::format("catalog '{}' is damaged: {}", path_, message));
    // After about ten seconds of SQLite's own; the timeout does not count for this lock.
    if ((code & 0xff) == SQLITE_PROTOCOL)
        throw Error(
            ErrorCode::io,
            fmt::format("another program has begun to open the catalog '{}' and does not go on; end it, or try again",
                        path_));
    if ((code & 0xff) == SQLITE_BUSY)
        throw Error(ErrorCode::io, fmt::format("catalog '{}' was held by another program for {} seconds; try again",
                                               path_, busy_timeout_ms / 1000));
    if (const int error = handle_ ? sqlite3_system_errno(handle_.get()) : 0; error != 0)
        throw io_error(fmt::format("catalog '{}': {}", path_, message), error);
    throw Error(ErrorCode::io, fmt::format("catalog '{}': {}", path_, message));
}

SqliteTransaction::SqliteTransaction(SqliteDatabase& database, SqliteLock lock) : database_(database) {
    database_.run(lock == SqliteLock::immediate ? "BEGIN IMMEDIATE" : "BEGIN");
}

SqliteTransaction::~SqliteTransaction() {
    if (!is_open_) return;
    try {
        database_.run("ROLLBACK");
    } catch (const Error&) {
        // SQLite has already rolled back on its own, after a full disk, an I/O error or damage.
    }
}

void SqliteTransaction::commit() {
    database_.run("COMMIT");
    is_open_ = false;
}

}  // namespace varve
