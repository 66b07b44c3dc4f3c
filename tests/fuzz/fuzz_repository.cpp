// libFuzzer target: a whole repository of a hostile writer (hostile_repository.h), in memory. It is opened, read into a
// new catalog, listed, checked, verified and restored, and sometimes pruned. Every step ends, within the limits of
// libFuzzer for time and memory, and does what it promises or throws an Error that blames the repository. Besides:
// - a restore writes in order and inside the disk; what it finishes under a root of the original is the original;
// - what check finds, verify finds; where verify finds nothing, every snapshot and attachment can be restored;
// - a snapshot that could be restored before a prune can be restored after it.

#include "catalog/sqlite_catalog.h"
#include "engine/jobs/restore.h"
#include "engine/jobs/verify.h"
#include "engine/prune/prune.h"
#include "engine/repository/attachment.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/log_following_store.h"
#include "store/backend_log.h"
#include "store/object/repository_config.h"
#include "store/pack_store.h"
#include "tests/fuzz/hostile_repository.h"
#include "tests/fuzz/refusal.h"

namespace varve {
namespace {

/// The blocks of a disk that are not zero.
using Content = std::map<std::uint64_t, Bytes>;

class ContentTarget final : public ImageWriter {
public:
    explicit ContentTarget(ByteCount size) : size_(size) {}

    void write(ByteOffset at, ByteView bytes) override {
        reach(at, {bytes.size()});
        for (std::uint64_t position = at.value; !bytes.empty();) {
            const std::size_t count = std::min<std::size_t>(bytes.size(), block_bytes - position % block_bytes);
            const ByteView part = bytes.first(count);
            if (!is_zero(part)) content.try_emplace(position, part.begin(), part.end());
            position += count;
            bytes = bytes.subspan(count);
        }
    }
    void zero(ByteRange range) override { reach(range.begin, range.length); }
    void finish() override { is_finished = true; }
    ByteCount bytes_written() const override { return {}; }

    Content content;
    bool is_finished = false;

private:
    static constexpr std::size_t block_bytes = 4096;

    void reach(ByteOffset at, ByteCount length) {
        require(at >= next_ && at.value <= size_.value && length.value <= size_.value - at.value);
        next_ = at + length;
    }

    ByteCount size_;
    ByteOffset next_;
};

/// A host without a catalog of its own.
struct Host {
    explicit Host(Backend& backend)
        : info(open_repository(backend)),
          log(backend, info),
          catalog(open_memory_catalog(info.id, log.genesis())),
          packs(backend, info, *catalog),
          chunks(info, log, packs, *catalog) {}

    std::vector<SnapshotRecord> snapshots() {
        catch_up(repository, progress);
        std::vector<SnapshotRecord> records;
        for (const ListedSnapshot& listed : catalog->snapshots()) records.push_back(listed.record);
        return records;
    }

    VerifyReport verify(const std::vector<SnapshotRecord>& snapshots, VerifyDepth depth) {
        VerifyRequest request;
        request.depth = depth;
        return varve::verify(repository, snapshots, request, progress, {});
    }

    Content restore(const SnapshotRecord& snapshot, OnDamage on_damage) {
        ContentTarget target(snapshot.size);
        varve::restore(repository, snapshot, target, progress, {}, std::nullopt, on_damage);
        require(target.is_finished);
        for (const Attachment& attachment : snapshot.attachments)
            if (on_damage == OnDamage::fail) (void)read_attachment(chunks, attachment);
        return std::move(target.content);
    }

    const RepositoryInfo info;
    BackendLog log;
    std::unique_ptr<Catalog> catalog;
    PackStore packs;
    LogFollowingStore chunks;
    Repository repository{info, log, chunks, *catalog, nullptr};
    NoProgress progress;
};

/// Whether `step` ended without an error; one that does not blame the repository is a bug.
template <typename Step>
bool succeeds(const Step& step) {
    try {
        step();
        return true;
    } catch (const Error& error) {
        if (!is_damaged_or_missing(error) && error.code() != ErrorCode::unsupported) std::abort();
        return false;
    }
}

HostileRepository& hostile() {
    static HostileRepository repository;
    return repository;
}

/// What the snapshots of the golden repository hold, by their roots.
const std::map<Digest, Content>& originals() {
    static const std::map<Digest, Content> contents = [] {
        std::map<Digest, Content> all;
        MemoryBackend backend;
        hostile().fill(backend, {});
        Host host(backend);
        const std::vector<SnapshotRecord> snapshots = host.snapshots();
        require(!snapshots.empty() && host.verify(snapshots, VerifyDepth::data).findings.empty());
        for (const SnapshotRecord& snapshot : snapshots) all[snapshot.root] = host.restore(snapshot, OnDamage::fail);
        return all;
    }();
    return contents;
}

/// The snapshots that can be restored.
std::set<SnapshotId> restore_all(Host& host, const std::vector<SnapshotRecord>& snapshots) {
    std::set<SnapshotId> restored;
    for (const SnapshotRecord& snapshot : snapshots) {
        if (succeeds([&] {
                const Content content = host.restore(snapshot, OnDamage::fail);
                const auto original = originals().find(snapshot.root);
                require(original == originals().end() || original->second == content);
            }))
            restored.insert(snapshot.id);
        else
            succeeds([&] { host.restore(snapshot, OnDamage::write_zeros); });
    }
    return restored;
}

void prune_and_restore(Host& host, const std::set<SnapshotId>& restorable) {
    if (!succeeds([&] { prune(host.repository, {}, host.progress, {}); })) return;
    const std::set<SnapshotId> restored = restore_all(host, host.snapshots());
    require(std::ranges::includes(restored, restorable));
}

void use(Backend& backend) {
    Host host(backend);
    const std::vector<SnapshotRecord> snapshots = host.snapshots();
    const bool is_checked = host.verify(snapshots, VerifyDepth::structure).findings.empty();
    const bool is_verified = host.verify(snapshots, VerifyDepth::data).findings.empty();
    require(is_checked || !is_verified);
    const std::set<SnapshotId> restored = restore_all(host, snapshots);
    require(!is_verified || restored.size() == snapshots.size());
    if ((hostile().options() & with_prune) != 0 && host.info.writable) prune_and_restore(host, restored);
}

}  // namespace
}  // namespace varve

/// An input allocates and frees some hundred MiB in small parts; to keep all that from being used again would take half
/// of the time.
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=8:max_malloc_fill_size=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace varve;
    (void)originals();
    MemoryBackend backend;
    hostile().fill(backend, std::as_bytes(std::span(data, size)));
    succeeds([&] { use(backend); });
    return 0;
}
