// make_golden_repository FOLDER: makes the golden repository of the present format version in FOLDER, which must not
// exist, and prints what its snapshots hold, for the text file beside it. It has every structure of store/FORMAT.md:
// the program fails if one is missing. Content and times are the same whenever it runs; ids are random. Entries hold
// the name of the host, so run it where that means nothing (CONTRIBUTING.md, Tests).
//
// The history, in November 2026. Until the first prune: two nights of the group web01 (two disks whose sizes are not
// multiples of a chunk, attachments, tags), a night between them, and a snapshot of db/data with an unreadable range,
// whose tags are edited; the first night is forgotten. After a fourth night, a second prune merges what is small, and
// so repeats the table of the first. Then: a night stored as patches (no backup writes them yet), another one of the
// group, and two copies from another repository; older nights are forgotten, and a third prune makes room. A killed
// backup leaves an orphan and a lease. After the last prune there is a checkpoint of the log.

#include <cstdio>

#include <fmt/format.h>

#include "engine/backup/commit.h"
#include "engine/backup/map_builder.h"
#include "engine/base/hex.h"
#include "engine/image/tolerant_reader.h"
#include "engine/jobs/copy_snapshots.h"
#include "engine/jobs/tag.h"
#include "engine/prune/prune.h"
#include "engine/repository/attachment.h"
#include "engine/repository/checkpoint.h"
#include "engine/repository/log_append.h"
#include "store/backend/local_backend.h"
#include "store/object/lease.h"
#include "tests/fakes/failing_image.h"
#include "tests/fakes/memory_backend.h"
#include "tests/fakes/pack_builder.h"
#include "tests/support/test_repository.h"

using namespace varve;
using test::TestRepository;

namespace {

constexpr std::uint64_t vda_bytes = (20u << 20) + 25 * 512;  ///< two leaves of the map
constexpr std::uint64_t vdb_bytes = (1u << 20) + 199 * 512;
constexpr std::uint64_t last_vda_chunk = vda_bytes / chunk_bytes;

TimeNs night(int day) { return parse_time(fmt::format("2026-11-{:02}T02:00Z", day)); }

/// Few bytes once compressed.
Bytes repeated_chunk(std::uint64_t seed) {
    const Bytes word = random_sample(64, seed);
    Bytes bytes(chunk_bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = word[i % word.size()];
    return bytes;
}

void write_chunk(fakes::MemoryImage& disk, std::uint64_t chunk, std::uint64_t seed) {
    const std::uint64_t begin = chunk * chunk_bytes;
    Bytes bytes = repeated_chunk(seed);
    bytes.resize(std::min<std::uint64_t>(chunk_bytes, disk.bytes().size() - begin));
    disk.write(begin, bytes);
}

DiskToBackUp disk_to_back_up(const ImageReader& image, const std::string& disk, TimeNs time) {
    DiskToBackUp one;
    one.source = &image;
    one.request.disk = disk;
    one.request.time = time;
    one.request.source.path = "/images/" + disk + ".img";
    one.request.source.format = "raw";
    return one;
}

/// The repository while it grows, and the disks of the machine web01.
class History {
public:
    explicit History(Backend& backend) : backend_(backend), host_(backend) {
        for (std::uint64_t chunk = 0; chunk < 4; ++chunk) write_chunk(vda_, chunk, chunk);
        write_chunk(vda_, 300, 300);
        write_chunk(vda_, last_vda_chunk, 400);
        vda_.clear(10 * chunk_bytes, 3 * chunk_bytes, ExtentKind::zero);
        vdb_.write(2 * chunk_bytes, random_sample(chunk_bytes, 5));  // does not compress: a plain frame
    }

    void write() {
        const auto first = back_up_group(1);
        write_chunk(vda_, 1, 101);
        write_chunk(vda_, 2, 102);
        const SnapshotRecord second = back_up_vda(2);
        const SnapshotId damaged = back_up_damaged_disk(2);
        const auto third = back_up_group(3);
        edit_tags(host_.repository, std::vector{damaged}, {{{"checked", "yes"}}, {"temporary"}}, host_.progress);
        forget(first);
        prune({});

        write_chunk(vda_, 301, 301);
        const SnapshotRecord fourth = back_up_vda(4);
        prune({});
        back_up_as_patches(fourth, 5);
        write_chunk(vda_, 3, 103);
        vda_.clear(100 * chunk_bytes, chunk_bytes, ExtentKind::zero);
        back_up_group(6);
        copy_from_another_repository();
        forget({second.id, third.at(0), third.at(1), fourth.id});
        prune({{512}, {}});  // packs count as full, so that none is merged: patches stay patches
        renew_checkpoint(host_.repository, 1, host_.progress, {});
        leave_orphan_and_lease();
    }

    TestRepository& host() { return host_; }

private:
    std::vector<SnapshotId> back_up_group(int day) {
        BackupGroup group;
        group.name = "web01";
        group.disks = {disk_to_back_up(vda_, "web01/vda", night(day)), disk_to_back_up(vdb_, "web01/vdb", night(day))};
        for (DiskToBackUp& disk : group.disks) disk.request.tags = {{"plan", "nightly"}};
        group.disks[0].request.source.format = "qcow2";
        group.disks[0].request.source.options = {{"cluster_size", "65536"}, {"compat", "1.1"}};
        group.disks[1].request.change_token = random_sample(24, 7);
        const std::string xml = fmt::format("<domain><name>web01</name><night>{}</night></domain>\n", day);
        const ByteView text = bytes_of(xml);
        group.attachments = {{"nvram", random_sample(33000, 8)}, {"web01.xml", Bytes(text.begin(), text.end())}};
        catch_up(host_.repository, host_.progress);
        std::vector<SnapshotId> ids;
        for (const SnapshotRecord& record : varve::backup(host_.repository, group, host_.progress, {}))
            ids.push_back(record.id);
        return ids;
    }

    SnapshotRecord back_up_vda(int day) { return host_.backup(vda_, "web01/vda", night(day)); }

    /// A disk that belongs to no group, read from an internal snapshot of its image; 8 KiB of it cannot be read.
    SnapshotId back_up_damaged_disk(int day) {
        fakes::MemoryImage disk(300032);
        for (std::uint64_t chunk = 0; chunk < 4; ++chunk) write_chunk(disk, chunk, 200 + chunk);
        TolerantReader reader(std::make_unique<fakes::FailingImage>(disk, std::vector<ByteRange>{{{131072}, {8192}}}));
        DiskToBackUp one = disk_to_back_up(reader, "db/data", night(day));
        one.request.source.snapshot = "before-upgrade";
        one.request.source.state = "1";
        one.request.tags = {{"hold", ""}, {"temporary", ""}};
        catch_up(host_.repository, host_.progress);
        return varve::backup(host_.repository, *one.source, one.request, host_.progress, {}).id;
    }

    /// Commits a snapshot whose chunks 1 and 3 are patches of those in `parent`, and whose chunk 5 is one of chunk 4,
    /// which is new.
    void back_up_as_patches(const SnapshotRecord& parent, int day) {
        const DiskMap parent_map(host_.chunks, parent);
        LeafPage leaf = *parent_map.leaf(parent_map.subtree(0, 0));
        const auto session = host_.chunks.begin_session();
        PackBuilder pack(backend_, host_.info.id, PackKind::data, host_.info.fingerprint_seed);
        std::set<PackId> bases;
        for (const std::uint64_t chunk : {1u, 3u}) {
            const ChunkAddress base = host_.catalog->current(leaf.entries.at(chunk).address).value();
            bases.insert(base.pack);
            leaf.entries.at(chunk) = {MapKind::present, add_patch(pack, chunk, chunk, base)};
        }
        write_chunk(vda_, 4, 104);
        leaf.entries.at(4) = {MapKind::present, pack.chunk(chunk_of_vda(4))};
        vda_.write(5 * chunk_bytes, chunk_of_vda(4));
        leaf.entries.at(5) = {MapKind::present, add_patch(pack, 5, 4, leaf.entries.at(4).address)};
        session->adopt(pack.commit());

        MapBuilder map(*session, &parent_map);
        map.set_leaf(0, leaf, leaf_digest(ids_of_first_leaf()));
        const Subtree root = map.finish(parent.size);
        SnapshotRecord record = parent;
        record.id = SnapshotId::make();
        record.parent = parent.id;
        record.time = night(day);
        record.root = root_identity(record.size, root.digest);
        record.map_digest = root.digest;
        record.map = root.page;
        CommitEntry entry;
        entry.snapshots = {record};
        entry.hit_packs.assign(bases.begin(), bases.end());
        CommitBasis basis;
        basis.last_move = host_.catalog->last_move();
        basis.parents = {{parent.id, host_.catalog->snapshots_by_prefix(parent.id.hex()).front().commit}};
        commit(host_.repository, entry, session->finish(), basis, host_.progress);
    }

    /// Changes the ends of the chunk `chunk` of vda, which equals `base_chunk`, and stores it as a patch of that.
    ChunkAddress add_patch(PackBuilder& pack, std::uint64_t chunk, std::uint64_t base_chunk, const ChunkAddress& base) {
        const Bytes before = chunk_of_vda(base_chunk);
        vda_.write(chunk * chunk_bytes + 100, random_sample(16, 500 + chunk));
        vda_.write((chunk + 1) * chunk_bytes - 16, random_sample(16, 600 + chunk));
        return pack.patch(chunk_of_vda(chunk), before, base);
    }

    Bytes chunk_of_vda(std::uint64_t chunk) const {
        const ByteView bytes = ByteView(vda_.bytes()).subspan(chunk * chunk_bytes, chunk_bytes);
        return {bytes.begin(), bytes.end()};
    }

    std::array<ChunkId, map_fanout> ids_of_first_leaf() const {
        std::array<ChunkId, map_fanout> ids{};
        for (std::uint64_t chunk = 0; chunk < map_fanout; ++chunk)
            if (const Bytes bytes = chunk_of_vda(chunk); !is_zero(bytes)) ids.at(chunk) = sha256(bytes);
        return ids;
    }

    void copy_from_another_repository() {
        MemoryBackend elsewhere;
        TestRepository other(elsewhere);
        fakes::MemoryImage disk(5 * chunk_bytes + 512);
        write_chunk(disk, 0, 700);
        write_chunk(disk, 5, 705);
        other.backup(disk, "old/vm", night(1));
        write_chunk(disk, 2, 702);
        other.backup(disk, "old/vm", night(2));
        other.snapshots();
        host_.snapshots();
        copy_snapshots(other.repository, host_.repository, other.catalog->snapshots(), host_.progress, {});
    }

    void forget(const std::vector<SnapshotId>& snapshots) {
        append_to_log(
            host_.repository, {ForgetEntry{snapshots}, {}}, [](const LogEntry&) {}, host_.progress);
    }

    void prune(const PruneLimits& limits) {
        PruneRequest request;
        request.limits = limits;
        varve::prune(host_.repository, request, host_.progress, {});
    }

    void leave_orphan_and_lease() {
        const Bytes chunk = repeated_chunk(800);
        const auto session = host_.chunks.begin_session();
        session->put_chunk(sha256(chunk), Fingerprinter(host_.info.fingerprint_seed).of(chunk), chunk);
        session->finish();
        Lease lease;  // filled step by step: gcc 12 warns of an aggregate here
        lease.holder.host = "golden";
        lease.holder.boot_id = "00000000-0000-0000-0000-000000000000";
        lease.holder.pid_namespace = "4026531836";
        lease.holder.pid = 4711;
        lease.holder.started = 100;
        lease.refreshed = parse_time("2020-01-01T00:00Z");
        lease.purpose = "backup";
        backend_.put_if_absent("leases/" + PackId::make().hex(), encode(lease, host_.info.id));
    }

    Backend& backend_;
    TestRepository host_;
    fakes::MemoryImage vda_{vda_bytes};
    fakes::MemoryImage vdb_{vdb_bytes};
};

/// What of FORMAT.md's structures is there.
class Inventory {
public:
    explicit Inventory(TestRepository& host) : host_(host) {
        read_log();
        for (const PackId& id : host.chunks.list_packs()) read_pack(id);
        for (const SnapshotRecord& record : host.snapshots()) read_map(record);
    }

    std::set<std::string> found;

private:
    void read_log() {
        std::set<PackId> condemned;
        LogHead head = host_.log.genesis();
        while (const auto record = host_.log.next(head)) {
            head = record->head;
            found.insert(fmt::format("entry of kind {}", record->entry.body.index()));
            const auto* move = std::get_if<MoveEntry>(&record->entry.body);
            if (move == nullptr) continue;
            for (const ChunkAddress& table : move->tables) read_move_table(table, condemned);
            condemned.insert(move->condemned.begin(), move->condemned.end());
        }
        if (!host_.log.checkpoints().empty()) found.insert("checkpoint");
    }

    void read_move_table(const ChunkAddress& address, const std::set<PackId>& condemned_before) {
        if (!host_.chunks.pack_size(address.pack)) return;  // a later prune has repeated it
        const StoredPack pack = host_.chunks.read_pack(address.pack, PackCheck::trailer);
        for (const MoveRun& run : parse_move_table(host_.chunks.read_slot(pack, address.slot), "move table").runs)
            if (condemned_before.contains(run.from.pack)) found.insert("repeated move");
    }

    void read_pack(const PackId& id) {
        const StoredPack pack = host_.chunks.read_pack(id, PackCheck::trailer);
        if (!host_.catalog->pack(id)) found.insert("orphan");
        for (const Slot& slot : pack.slots->slots) found.insert(fmt::format("slot of kind {}", int(slot.kind)));
        for (const Frame& frame : pack.slots->frames)
            found.insert(fmt::format("frame of pack kind {} and codec {}", int(pack.facts.kind), int(frame.codec)));
        for (const PatchBase& base : pack.slots->patch_bases)
            found.insert(base.base.pack == id ? "patch with its base" : "patch of another pack");
    }

    void read_map(const SnapshotRecord& record) {
        if (!record.unreadable.empty()) found.insert("unreadable range");
        if (!record.attachments.empty()) found.insert("attachment");
        if (!record.change_token.empty()) found.insert("change token");
        const DiskMap map(host_.chunks, record);
        for (std::uint64_t number = 0; number < leaf_count(record.size); ++number) {
            const Subtree subtree = map.subtree(0, number);
            if (subtree.kind != MapKind::present) continue;
            for (const LeafEntry& entry : map.leaf(subtree)->entries) read_entry(entry);
        }
    }

    void read_entry(const LeafEntry& entry) {
        found.insert(fmt::format("entry of a leaf of kind {}", int(entry.kind)));
        if (entry.kind != MapKind::present) return;
        const ChunkAddress now = host_.catalog->current(entry.address).value();
        found.insert(now == entry.address ? "chunk in its place" : "moved chunk");
        const bool is_patch = host_.catalog->slots(now.pack)->slots.at(now.slot).kind == SlotKind::patch;
        if (is_patch) found.insert("live patch");
    }

    TestRepository& host_;
};

void check_complete(TestRepository& host) {
    std::vector<std::string> expected{"repeated move", "orphan",       "patch with its base", "patch of another pack",
                                      "live patch",    "moved chunk",  "chunk in its place",  "unreadable range",
                                      "attachment",    "change token", "checkpoint"};
    for (int kind = 0; kind < 4; ++kind) expected.push_back(fmt::format("entry of kind {}", kind));
    for (int kind = 1; kind <= 6; ++kind) expected.push_back(fmt::format("slot of kind {}", kind));
    for (int kind = 0; kind < 3; ++kind) expected.push_back(fmt::format("entry of a leaf of kind {}", kind));
    for (int kind = 1; kind <= 2; ++kind)
        for (int codec = 0; codec < 2; ++codec)
            expected.push_back(fmt::format("frame of pack kind {} and codec {}", kind, codec));
    const Inventory inventory(host);
    std::string missing;
    for (const std::string& structure : expected)
        if (!inventory.found.contains(structure)) missing += fmt::format("\n  {}", structure);
    if (!missing.empty()) throw Error(ErrorCode::refused, "the repository lacks:" + missing);
    for (const Finding& finding : host.verify().findings) throw Error(ErrorCode::corrupt, finding.message);
}

std::string text_of_tags(const SnapshotRecord& record) {
    std::string text;
    for (const auto& [key, value] : record.tags)
        text += (text.empty() ? "" : ",") + key + (value.empty() ? "" : "=" + value);
    return text.empty() ? "-" : text;
}

void print_contents(TestRepository& host) {
    fmt::print(
        "# What this repository of format version 1 holds, as {} wrote it. One line per thing that can be restored:\n"
        "# SHA-256 of its bytes, their number, id of the snapshot, its disk, its time, its tags, or the attachment.\n",
        program_name);
    for (const SnapshotRecord& record : host.snapshots()) {
        fmt::print("{} {} {} {} {} {}\n", to_hex(sha256(host.restored_bytes(record)).bytes), record.size.value,
                   record.id.hex(), record.disk, format_utc(record.time), text_of_tags(record));
        for (const Attachment& attachment : record.attachments) {
            const Bytes bytes = read_attachment(host.chunks, attachment);
            fmt::print("{} {} {} attachment {}\n", to_hex(sha256(bytes).bytes), bytes.size(), record.id.hex(),
                       attachment.name);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc != 2) throw Error(ErrorCode::usage, "expected one folder");
        if (std::filesystem::exists(argv[1])) throw Error(ErrorCode::refused, "the folder exists");
        const auto backend = LocalBackend::create(argv[1]);
        History history(*backend);
        history.write();
        check_complete(history.host());
        print_contents(history.host());
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_golden_repository: %s\n", error.what());
        return 1;
    }
}
