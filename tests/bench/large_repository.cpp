// Fills a new repository with chunks that take next to nothing, so that what a command costs per chunk (rebuild, prune,
// check) can be measured without terabytes. Disks of 64 GiB; each night changes one chunk in a hundred of every disk.
// Usage: large_repository FOLDER [CHUNKS] [NIGHTS] [hollow]; a million chunks, no night after the first. Chunks differ
// in their first bytes. Hollow ones have ids that are not those of their content: made in a quarter of the time, for
// commands that read no data.

#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "catalog/sqlite_catalog.h"
#include "engine/backup/commit.h"
#include "engine/backup/map_builder.h"
#include "engine/repository/catalog_sync.h"
#include "engine/repository/log_following_store.h"
#include "store/backend/open_backend.h"
#include "store/backend_log.h"
#include "store/object/repository_config.h"
#include "store/pack_store.h"

namespace varve {
namespace {

constexpr std::uint64_t disk_chunks = 1'000'192;  ///< whole leaves
constexpr std::uint64_t one_changed_of = 100;
constexpr TimeNs day = 86'400'000'000'000;

SessionLimits limits() {
    SessionLimits limits;
    limits.slots_per_pack = 1500;  // what a pack of 64 MiB holds of a usual disk
    limits.zstd_level = 1;
    return limits;
}

class LargeRepository {
public:
    LargeRepository(const std::filesystem::path& folder, const std::filesystem::path& cache, bool is_hollow)
        : backend_(create_backend(folder.string())),
          info_(create_repository(*backend_)),
          log_(*backend_, info_),
          catalog_(open_sqlite_catalog(cache, info_.id, log_.genesis())),
          packs_(*backend_, info_, *catalog_, limits()),
          chunks_(info_, log_, packs_, *catalog_),
          is_hollow_(is_hollow) {}

    void add_night(std::uint64_t disk, std::uint64_t leaves, std::uint64_t night) {
        const std::unique_ptr<PackSession> session = chunks_.begin_session();
        const std::string name = fmt::format("vm{}/vda", disk);
        const auto before = catalog_->last_snapshots(name, 1);
        const std::optional<DiskMap> parent =
            before.empty() ? std::nullopt : std::optional(DiskMap(chunks_, before.back().record));
        MapBuilder map(*session, parent ? &*parent : nullptr);
        for (std::uint64_t leaf = 0; leaf < leaves; ++leaf) add_leaf(leaf, parent ? &*parent : nullptr, *session, map);
        enter(name, ByteCount{leaves * leaf_bytes}, night, map, *session, before);
    }

private:
    /// A first night writes all chunks, a later one some.
    void add_leaf(std::uint64_t leaf, const DiskMap* parent, PackSession& session, MapBuilder& map) {
        LeafPage page;
        std::array<ChunkId, map_fanout> ids;
        if (parent != nullptr) page = *parent->leaf(parent->subtree(0, leaf));
        for (std::size_t i = 0; i < map_fanout; ++i) {
            ids[i] = parent != nullptr ? id_of(page.entries[i].address) : ChunkId{};
            if (parent != nullptr && random_() % one_changed_of != 0) continue;
            fill(is_hollow_ ? ByteSpan(ids[i].bytes) : ByteSpan(content_).first(sizeof(std::uint64_t)));
            if (!is_hollow_) ids[i] = sha256(content_);
            page.entries[i] = {MapKind::present, session.put_chunk(ids[i], {}, content_)};
        }
        map.set_leaf(leaf, page, leaf_digest(ids));
    }

    void fill(ByteSpan bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t))
            store_le<std::uint64_t>(bytes.subspan(at, sizeof(std::uint64_t)), random_());
    }

    ChunkId id_of(const ChunkAddress& address) const { return catalog_->slots(address.pack)->slots[address.slot].id; }

    void enter(const std::string& disk, ByteCount size, std::uint64_t night, MapBuilder& map, PackSession& session,
               const std::vector<ListedSnapshot>& before) {
        SnapshotRecord record;
        record.id = SnapshotId::make();
        record.disk = disk;
        record.time = static_cast<TimeNs>(night) * day;
        record.size = size;
        const Subtree root = map.finish(size);
        record.map_digest = root.digest;
        record.map = root.page;
        record.root = root_identity(size, counted_digest(root));
        CommitBasis basis;
        basis.last_move = catalog_->last_move();
        if (!before.empty()) {
            record.parent = before.back().record.id;
            basis.parents = {{record.parent, before.back().commit}};
        }
        const std::vector<StoredPack> packs = session.finish();
        CommitEntry entry;
        entry.snapshots = {record};
        for (const StoredPack& pack : packs) entry.packs.push_back(pack.facts);
        catch_up(repository_, progress_);
        commit(repository_, entry, packs, basis, progress_);
    }

    std::unique_ptr<Backend> backend_;
    const RepositoryInfo info_;
    BackendLog log_;
    std::unique_ptr<Catalog> catalog_;
    PackStore packs_;
    LogFollowingStore chunks_;
    Repository repository_{info_, log_, chunks_, *catalog_, nullptr};
    NoProgress progress_;
    std::mt19937_64 random_{1};
    const bool is_hollow_;
    Bytes content_ = Bytes(chunk_bytes);
};

}  // namespace
}  // namespace varve

int main(int argc, char** argv) {
    if (argc < 2) {
        fmt::print(stderr, "usage: large_repository FOLDER [CHUNKS] [NIGHTS] [hollow]\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const std::uint64_t chunks = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
    const std::uint64_t nights = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
    const std::filesystem::path cache = folder.string() + ".cache";
    varve::LargeRepository repository(folder, cache, argc > 4);
    for (std::uint64_t night = 0; night < nights; ++night)
        for (std::uint64_t first = 0, disk = 1; first < chunks; first += varve::disk_chunks, ++disk)
            repository.add_night(
                disk, varve::divide_up(std::min(varve::disk_chunks, chunks - first), varve::map_fanout), night);
    std::filesystem::remove_all(cache);
}
