#include "formats/qcow2/snapshots.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"
#include "formats/qcow2/record_cursor.h"

namespace varve::qcow2 {
namespace {

constexpr std::size_t snapshot_fixed_bytes = 40;
constexpr std::uint32_t extra_bytes_max = 1024;
constexpr std::uint64_t snapshot_table_bytes_max = std::uint64_t{64} << 20;
constexpr std::size_t ids_listed_max = 16;

struct Fixed {
    TablePlace l1;
    std::uint16_t id_bytes = 0;
    std::uint16_t name_bytes = 0;
    std::int64_t time_ns = 0;
    std::uint32_t extra_bytes = 0;
};

Fixed parse_fixed(ByteView bytes) {
    ByteReader in(bytes, "snapshot table entry");
    Fixed out;
    out.l1 = parse_table_place(in);
    out.id_bytes = in.u16be();
    out.name_bytes = in.u16be();
    const std::int64_t seconds = in.u32be();
    const std::int64_t nanoseconds = in.u32be();
    out.time_ns = seconds * 1'000'000'000 + nanoseconds;
    in.skip(8 + 4);  // VM clock, VM state size
    out.extra_bytes = in.u32be();
    return out;
}

void check_fixed(const RecordCursor& in, const Header& header, const Fixed& fixed) {
    if (fixed.extra_bytes > extra_bytes_max)
        in.fail(fmt::format("expected at most {} bytes of extra data, found {}", extra_bytes_max, fixed.extra_bytes));
    if (fixed.l1.entries > l1_entries_max)
        in.fail(fmt::format("expected an L1 table of at most {} entries, found {}", l1_entries_max, fixed.l1.entries));
    if (fixed.l1.offset.value % header.cluster_size().value != 0)
        in.fail(fmt::format("expected an L1 offset that is a multiple of {}, found {}", header.cluster_size().value,
                            fixed.l1.offset.value));
}

/// The second field of the extra data; absent in old version 2 images.
ByteCount disk_size(const Header& header, ByteView extra) {
    if (extra.size() < 16) return header.virtual_size;
    return ByteCount{load_be<std::uint64_t>(extra.subspan(8))};
}

Snapshot read_snapshot(RecordCursor& in, const Header& header) {
    const Fixed fixed = parse_fixed(in.take(snapshot_fixed_bytes));
    check_fixed(in, header, fixed);
    Snapshot snapshot;
    snapshot.l1 = fixed.l1;
    snapshot.facts.time_ns = fixed.time_ns;
    snapshot.facts.size = disk_size(header, in.take(fixed.extra_bytes));
    if (snapshot.facts.size.value > INT64_MAX)
        in.fail(fmt::format("expected a disk size of at most {}, found {}", INT64_MAX, snapshot.facts.size.value));
    snapshot.facts.id = in.text(fixed.id_bytes);
    snapshot.facts.name = in.text(fixed.name_bytes);
    in.next_record();
    return snapshot;
}

std::string listed_ids(const std::vector<const Snapshot*>& snapshots) {
    std::string ids;
    for (std::size_t i = 0; i < std::min(snapshots.size(), ids_listed_max); ++i)
        ids += fmt::format("{}'id:{}'", ids.empty() ? "" : ", ", snapshots[i]->facts.id);
    return snapshots.size() > ids_listed_max ? ids + ", …" : ids;
}

/// The names that a user can pass, with the ids that make them unambiguous.
std::string listed_names(const std::vector<Snapshot>& snapshots) {
    std::string names;
    for (std::size_t i = 0; i < std::min(snapshots.size(), ids_listed_max); ++i)
        names +=
            fmt::format("{}'{}' ('id:{}')", names.empty() ? "" : ", ", snapshots[i].facts.name, snapshots[i].facts.id);
    return snapshots.size() > ids_listed_max ? names + ", …" : names;
}

std::vector<const Snapshot*> matching(const std::vector<Snapshot>& snapshots, const std::string& selector) {
    std::vector<const Snapshot*> found;
    const bool by_id_only = selector.starts_with("id:");
    const std::string id = by_id_only ? selector.substr(3) : selector;
    for (const Snapshot& snapshot : snapshots)
        if (snapshot.facts.id == id || (!by_id_only && snapshot.facts.name == selector)) found.push_back(&snapshot);
    return found;
}

void read_table(const ByteSource& file, const Header& header, std::vector<Snapshot>& snapshots) {
    check_snapshots_place(file, header);
    const ByteOffset begin = header.snapshots.offset;
    const std::uint64_t file_bytes = file.size().value;
    if (begin.value >= file_bytes)
        throw corrupt_image(
            file, fmt::format("snapshot table: expected {} entries at offset {}, found the end of the file at {}",
                              header.snapshots.records, begin.value, file_bytes));
    const std::uint64_t length = std::min(file_bytes - begin.value, snapshot_table_bytes_max);
    RecordCursor in(file, {begin, ByteCount{length}}, "snapshot table");
    for (std::uint32_t i = 0; i < header.snapshots.records; ++i) snapshots.push_back(read_snapshot(in, header));
}

}  // namespace

SnapshotTable read_snapshots(const ByteSource& file, const Header& header) {
    SnapshotTable table;
    if (header.snapshots.records == 0) return table;
    try {
        read_table(file, header, table.snapshots);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::corrupt) throw;
        table.problem = error.what();
    }
    return table;
}

const Snapshot& select_snapshot(const ByteSource& file, const SnapshotTable& table, const std::string& selector) {
    const std::vector<Snapshot>& snapshots = table.snapshots;
    const std::vector<const Snapshot*> found = matching(snapshots, selector);
    if (found.size() == 1) return *found.front();
    if (found.size() > 1)
        throw Error(ErrorCode::refused, fmt::format("'{}' has {} snapshots that match '{}'; pass one of {}",
                                                    file.name(), found.size(), selector, listed_ids(found)));
    if (!table.problem.empty()) throw Error(ErrorCode::corrupt, table.problem);
    if (snapshots.empty())
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' has no internal snapshots, so there is none called '{}'", file.name(), selector));
    throw Error(ErrorCode::not_found, fmt::format("'{}' has no internal snapshot '{}'; it has {}", file.name(),
                                                  selector, listed_names(snapshots)));
}

}  // namespace varve::qcow2
