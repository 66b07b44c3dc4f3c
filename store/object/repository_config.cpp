#include "store/object/repository_config.h"

#include <chrono>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "store/object/envelope.h"
#include "store/object/records.h"

namespace varve {
namespace {

const std::string config_name = "config";
constexpr std::uint32_t format_version = 1;

constexpr std::uint16_t format_record = 1;
constexpr std::uint16_t seed_record = 2;
constexpr std::uint16_t created_record = 3;

/// Feature bits known to this version: none.
constexpr std::uint64_t known_features = 0;

void read_format(RepositoryConfig& config, ByteReader& fields) {
    if (const std::uint32_t version = fields.u32le(); version != format_version)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: expected repository format {}, found {}: made by a newer varve; use that version",
                                fields.object(), format_version, version));
    if (const std::uint32_t bytes = fields.u32le(); bytes != chunk_bytes)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: expected chunks of {} bytes, found {}", fields.object(), chunk_bytes, bytes));
    config.features_to_open = fields.u64le();
    config.features_to_write = fields.u64le();
    config.features_informative = fields.u64le();
}

std::int64_t now_ns() {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
}

RepositoryConfig new_config() {
    RepositoryConfig config;
    config.id = RepositoryId::make();
    std::array<std::byte, 8> seed;
    random_bytes(seed);
    config.fingerprint_seed = load_le<std::uint64_t>(seed);
    config.created_ns = now_ns();
    config.program = "varve " VARVE_VERSION;
    return config;
}

RepositoryInfo info_of(const RepositoryConfig& config) {
    return {config.id, config.fingerprint_seed, (config.features_to_write & ~known_features) == 0, {}};
}

void refuse_taken(const Backend& backend) {
    if (backend.size(config_name))
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' already holds a varve repository: nothing was changed", backend.locate("")));
    for (const std::string& name : backend.list(""))
        if (!name.starts_with("tmp/"))
            throw Error(ErrorCode::refused,
                        fmt::format("'{}' is not empty: expected a new or empty place for a repository, found '{}'",
                                    backend.locate(""), name));
}

RepositoryConfig read_config(const Backend& backend) {
    const auto bytes = backend.get(config_name, {envelope_bytes_max});
    if (!bytes)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is not a varve repository: it has no config; 'varve init' makes one",
                                backend.locate("")));
    return parse_repository_config(*bytes, fmt::format("config '{}'", backend.locate(config_name)));
}

/// The repository id in the first log entry that can be read: every object repeats it.
std::optional<RepositoryId> id_in_log(const Backend& backend) {
    for (const std::string& name : backend.list("log/")) {
        try {
            if (const auto bytes = backend.get(name, {envelope_bytes_max}))
                return open_envelope(*bytes, log_entry_magic, name).repository;
        } catch (const Error& error) {
            if (error.code() != ErrorCode::corrupt) throw;
        }
    }
    return std::nullopt;
}

}  // namespace

Bytes encode(const RepositoryConfig& config) {
    RecordWriter body;
    body.record(format_record, RecordNeed::critical, [&](ByteWriter& to) {
        to.u32le(format_version);
        to.u32le(static_cast<std::uint32_t>(chunk_bytes));
        to.u64le(config.features_to_open);
        to.u64le(config.features_to_write);
        to.u64le(config.features_informative);
    });
    body.record(seed_record, RecordNeed::critical, [&](ByteWriter& to) { to.u64le(config.fingerprint_seed); });
    body.record(created_record, RecordNeed::ignorable, [&](ByteWriter& to) {
        write_i64(to, config.created_ns);
        write_text(to, config.program);
    });
    return seal_envelope(config_magic, config.id, body.release());
}

RepositoryConfig parse_repository_config(ByteView bytes, const std::string& object) {
    const Envelope envelope = open_envelope(bytes, config_magic, object);
    RepositoryConfig config;
    config.id = envelope.repository;
    bool has_format = false;
    bool has_seed = false;
    read_records(envelope.body, object, [&](std::uint16_t type, ByteReader& fields) {
        switch (type) {
            case format_record:
                read_format(config, fields);
                has_format = true;
                return true;
            case seed_record:
                config.fingerprint_seed = fields.u64le();
                has_seed = true;
                return true;
            case created_record:
                config.created_ns = read_i64(fields);
                config.program = read_text(fields);
                return true;
            default:
                return false;
        }
    });
    if (!has_format || !has_seed)
        throw Error(ErrorCode::corrupt, fmt::format("{}: its format or its seed is missing", object));
    return config;
}

RepositoryInfo create_repository(Backend& backend) {
    refuse_taken(backend);
    const RepositoryConfig config = new_config();
    if (backend.put_if_absent(config_name, encode(config)) == PutResult::exists) refuse_taken(backend);
    return info_of(config);
}

RepositoryInfo open_repository(const Backend& backend) try {
    const RepositoryConfig config = read_config(backend);
    if (const std::uint64_t unknown = config.features_to_open & ~known_features; unknown != 0)
        throw Error(ErrorCode::unsupported,
                    fmt::format("repository '{}' needs features unknown to this version ({:#x}); use a newer varve",
                                backend.locate(""), unknown));
    return info_of(config);
} catch (const Error& error) {
    if (!is_damaged_or_missing(error)) throw;
    const auto id = id_in_log(backend);
    if (!id) throw;
    const std::string what = error.code() == ErrorCode::not_found
                                 ? fmt::format("config '{}' is missing", backend.locate(config_name))
                                 : error.what();
    const std::string fault = fmt::format(
        "{}; the repository can be read, but nothing is written to it until the file is back from a copy of the "
        "repository",
        what);
    return {*id, 0, false, fault};
}

void check_writable(const RepositoryInfo& info, const Backend& backend) {
    if (!info.config_fault.empty()) throw Error(ErrorCode::corrupt, info.config_fault);
    if (!info.writable)
        throw Error(
            ErrorCode::unsupported,
            fmt::format("writing to repository '{}' needs a newer varve; reading it works", backend.locate("")));
}

}  // namespace varve
