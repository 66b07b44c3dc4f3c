// libFuzzer target: any bytes as a small object: envelope, records, log entry, checkpoint, config and lease. The input
// is tried as a whole object and as the body of a valid envelope, since a digest would otherwise stop every mutation,
// and as the state in a valid checkpoint. It is parsed or refused as corrupt or unsupported; what parses is encoded
// again and must come back unchanged.

#include "store/object/checkpoint_codec.h"
#include "store/object/envelope.h"
#include "store/object/lease.h"
#include "store/object/log_entry_codec.h"
#include "store/object/records.h"
#include "store/object/repository_config.h"
#include "store/object/zstd_block.h"
#include "tests/fuzz/refusal.h"

namespace varve {
namespace {

void try_log_entry(ByteView bytes) {
    try_step([&] {
        const ParsedLogEntry parsed = parse_log_entry(bytes, "input");
        const LogHead before{parsed.number - 1, parsed.previous};
        const ParsedLogEntry again =
            parse_log_entry(encode_log_entry(parsed.entry, before, parsed.repository), "input, written again");
        require(again.entry == parsed.entry && again.number == parsed.number && again.previous == parsed.previous);
    });
}

void try_config(ByteView bytes) {
    try_step([&] {
        const RepositoryConfig parsed = parse_repository_config(bytes, "input");
        require(parse_repository_config(encode(parsed), "input, written again") == parsed);
    });
}

void try_lease(ByteView bytes) {
    try_step([&] {
        const RepositoryId repository;
        const Lease parsed = parse_lease(bytes, repository, "input");
        require(parse_lease(encode(parsed, repository), repository, "input, written again") == parsed);
    });
}

void try_checkpoint(ByteView bytes) {
    try_step([&] {
        const ParsedCheckpoint parsed = parse_checkpoint(bytes, "input");
        const Bytes again = encode_checkpoint(parsed.state, parsed.repository);
        require(parse_checkpoint(again, "input, written again").state == parsed.state);
    });
}

/// A checkpoint at entry 9 with these plain bytes.
Bytes checkpoint_of(ByteView state) {
    RecordWriter records;
    records.record(1, RecordNeed::critical, [](ByteWriter& to) {
        to.u64le(9);
        to.zeros(32);
    });
    records.record(2, RecordNeed::critical, [&](ByteWriter& to) {
        to.u64le(state.size());
        to.append(compress_zstd(state));
    });
    return seal_envelope(checkpoint_magic, RepositoryId(), records.release());
}

}  // namespace
}  // namespace varve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace varve;
    const auto bytes = std::as_bytes(std::span(data, size));
    try_log_entry(bytes);
    try_config(bytes);
    try_lease(bytes);
    try_log_entry(seal_envelope(log_entry_magic, RepositoryId(), bytes));
    try_config(seal_envelope(config_magic, RepositoryId(), bytes));
    try_lease(seal_envelope(lease_magic, RepositoryId(), bytes));
    try_checkpoint(bytes);
    try_checkpoint(seal_envelope(checkpoint_magic, RepositoryId(), bytes));
    try_checkpoint(checkpoint_of(bytes));
    return 0;
}
