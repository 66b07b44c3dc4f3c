// libFuzzer target: any bytes as a small object: envelope, records, log entry, config and lease. The input is tried as
// a whole object and as the body of a valid envelope, since a digest would otherwise stop every mutation. It is parsed
// or refused as corrupt or unsupported; what parses is encoded again and must come back unchanged.

#include "store/object/envelope.h"
#include "store/object/lease.h"
#include "store/object/log_entry_codec.h"
#include "store/object/repository_config.h"
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
    return 0;
}
