#include "store/backend_log.h"

#include "store/object/repository_config.h"
#include "tests/contract/backend_contract.h"
#include "tests/fakes/fault_backend.h"
#include "tests/fakes/memory_backend.h"

namespace varve {
namespace {

using backend_contract::error_of;

LogEntry forget_entry(unsigned nonce) {
    LogEntry entry;
    entry.nonce.fill(static_cast<std::byte>(nonce));
    entry.host = "host";
    entry.program = "test";
    entry.body = ForgetEntry{{SnapshotId::make()}};
    return entry;
}

}  // namespace

TEST_CASE("the log is read as it was appended", "[store][log]") {
    MemoryBackend backend;
    const RepositoryInfo info = create_repository(backend);
    BackendLog log(backend, info);
    LogHead head = log.genesis();
    REQUIRE(head.number == 0);
    REQUIRE(head.digest == sha256(info.id.view()));
    REQUIRE_FALSE(log.next(head));
    std::vector<LogEntry> entries;
    for (unsigned i = 1; i <= 12; ++i) {
        entries.push_back(forget_entry(i));
        head = log.append(head, entries.back()).value();
        REQUIRE(head.number == i);
    }
    LogHead at = log.genesis();
    for (const LogEntry& entry : entries) {
        const LogRecord record = log.next(at).value();
        REQUIRE(record.entry == entry);
        REQUIRE(log.head_at(record.head.number) == record.head);
        at = record.head;
    }
    REQUIRE(at == head);
    REQUIRE_FALSE(log.next(head));
    REQUIRE_FALSE(log.head_at(13));
    REQUIRE(log.head_at(0) == log.genesis());
    REQUIRE(backend.list("log/", "").front() == "log/0000000000000001");
}

TEST_CASE("the second of two writers at one number learns that it lost", "[store][log]") {
    MemoryBackend backend;
    const RepositoryInfo info = create_repository(backend);
    BackendLog log(backend, info);
    const LogEntry first = forget_entry(1);
    REQUIRE(log.append(log.genesis(), first));
    REQUIRE_FALSE(log.append(log.genesis(), forget_entry(2)));
    REQUIRE(log.next(log.genesis())->entry == first);
}

TEST_CASE("an entry that does not continue the chain is corrupt", "[store][log]") {
    MemoryBackend backend;
    const RepositoryInfo info = create_repository(backend);
    BackendLog log(backend, info);
    const LogHead first = log.append(log.genesis(), forget_entry(1)).value();
    log.append(first, forget_entry(2));
    LogHead rewritten = first;
    rewritten.digest.bytes[0] ^= std::byte{1};
    REQUIRE(error_of([&] { (void)log.next(rewritten); }) == ErrorCode::corrupt);

    backend.replace("log/0000000000000002", backend.get("log/0000000000000001", {10000}).value());
    REQUIRE(error_of([&] { (void)log.next(first); }) == ErrorCode::corrupt);
    REQUIRE(error_of([&] { (void)log.head_at(2); }) == ErrorCode::corrupt);

    RepositoryInfo other = info;
    other.id = RepositoryId::make();
    BackendLog foreign(backend, other);
    REQUIRE(error_of([&] { (void)foreign.next(foreign.genesis()); }) == ErrorCode::corrupt);
}

TEST_CASE("a lost reply leaves an entry that its writer finds again", "[store][log]") {
    MemoryBackend inner;
    const RepositoryInfo info = create_repository(inner);
    FaultBackend backend(inner);
    BackendLog log(backend, info);
    const LogEntry entry = forget_entry(1);
    backend.fail_at(1, FaultEffect::reply_lost, FaultSpan::once);
    REQUIRE(error_of([&] { (void)log.append(log.genesis(), entry); }) == ErrorCode::io);
    REQUIRE(log.next(log.genesis())->entry.nonce == entry.nonce);
    backend.fail_at(1, FaultEffect::not_done, FaultSpan::once);
    REQUIRE(error_of([&] { (void)log.append(log.head_at(1).value(), forget_entry(2)); }) == ErrorCode::io);
    REQUIRE_FALSE(log.head_at(2));
}

TEST_CASE("a read-only repository accepts no entry", "[store][log]") {
    MemoryBackend backend;
    RepositoryInfo info = create_repository(backend);
    info.writable = false;
    BackendLog log(backend, info);
    REQUIRE(error_of([&] { (void)log.append(log.genesis(), forget_entry(1)); }) == ErrorCode::unsupported);
}

TEST_CASE("checkpoints are listed by their entries, read as they were put, and removed", "[store][log]") {
    MemoryBackend backend;
    const RepositoryInfo info = create_repository(backend);
    BackendLog log(backend, info);
    REQUIRE(log.checkpoints().empty());
    REQUIRE_FALSE(log.checkpoint(3));
    LogState state = state_at(log.genesis());
    for (unsigned i = 1; i <= 12; ++i) {
        REQUIRE(log.append(state.head, forget_entry(i)));
        state.apply(log.next(state.head).value());
        if (i % 4 == 0) log.put_checkpoint(state);
    }
    backend.put_if_absent("checkpoints/of-someone-else", {});
    REQUIRE(log.checkpoints() == std::vector<LogNumber>{4, 8, 12});
    REQUIRE(log.checkpoint(12) == state);
    REQUIRE(log.checkpoint(4)->head == log.head_at(4));
    log.put_checkpoint(state);  // the same again, by another prune
    log.remove_checkpoint(8);
    log.remove_checkpoint(8);
    REQUIRE(log.checkpoints() == std::vector<LogNumber>{4, 12});
}

TEST_CASE("a checkpoint of another repository, or under the number of another entry, is corrupt", "[store][log]") {
    MemoryBackend backend;
    const RepositoryInfo info = create_repository(backend);
    BackendLog log(backend, info);
    LogState state = state_at({5, Digest{}});
    log.put_checkpoint(state);
    const Bytes bytes = backend.get("checkpoints/0000000000000005", mib(1)).value();
    backend.put_if_absent("checkpoints/0000000000000006", bytes);
    REQUIRE(error_of([&] { log.checkpoint(6); }) == ErrorCode::corrupt);
    MemoryBackend other_backend;
    const RepositoryInfo other = create_repository(other_backend);
    other_backend.put_if_absent("checkpoints/0000000000000005", bytes);
    REQUIRE(error_of([&] { BackendLog(other_backend, other).checkpoint(5); }) == ErrorCode::corrupt);
}

}  // namespace varve
