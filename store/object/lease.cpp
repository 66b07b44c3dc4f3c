#include "store/object/lease.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "store/object/envelope.h"
#include "store/object/records.h"

namespace varve {
namespace {

constexpr std::uint16_t holder_record = 1;

}  // namespace

Bytes encode(const Lease& lease, const RepositoryId& repository) {
    RecordWriter body;
    body.record(holder_record, RecordNeed::critical, [&](ByteWriter& to) {
        write_i64(to, lease.refreshed);
        to.u64le(lease.holder.started);
        to.u32le(lease.holder.pid);
        write_text(to, lease.holder.host);
        write_text(to, lease.holder.boot_id);
        write_text(to, lease.holder.pid_namespace);
        write_text(to, lease.purpose);
    });
    return seal_envelope(lease_magic, repository, body.release());
}

Lease parse_lease(ByteView bytes, const RepositoryId& repository, const std::string& object) {
    const Envelope envelope = open_envelope(bytes, lease_magic, object);
    if (envelope.repository != repository)
        throw Error(ErrorCode::corrupt, fmt::format("{}: expected a lease in repository {}, found one in {}", object,
                                                    repository.hex(), envelope.repository.hex()));
    Lease lease;
    bool has_holder = false;
    read_records(envelope.body, object, [&](std::uint16_t type, ByteReader& fields) {
        if (type != holder_record) return false;
        lease.refreshed = read_i64(fields);
        lease.holder.started = fields.u64le();
        lease.holder.pid = fields.u32le();
        lease.holder.host = read_text(fields);
        lease.holder.boot_id = read_text(fields);
        lease.holder.pid_namespace = read_text(fields);
        lease.purpose = read_text(fields);
        has_holder = true;
        return true;
    });
    if (!has_holder) throw Error(ErrorCode::corrupt, fmt::format("{}: its holder is missing", object));
    return lease;
}

}  // namespace varve
