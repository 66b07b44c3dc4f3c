#pragma once
/// The reading half of a disk's backup: walks the source in guest order with several workers, and passes what differs
/// from the parent to the deduplicator and the new map. Single use.

#include <memory>
#include <optional>
#include <stop_token>
#include <variant>

#include "engine/backup/deduplicator.h"
#include "engine/backup/inherited_chunks.h"
#include "engine/backup/leaf_assembly.h"
#include "engine/backup/map_builder.h"
#include "engine/backup/segment_scan.h"
#include "engine/base/buffer_pool.h"
#include "engine/base/ordered_pipeline.h"
#include "engine/base/progress.h"
#include "engine/image/image_reader.h"
#include "engine/repository/fingerprint.h"
#include "engine/repository/repository.h"

namespace varve {

class DiskScan {
public:
    /// Borrows all. `parent` is the map that `map` starts from, or null; `changes` compares the source with it, and
    /// reports as changed what is unsound there; or it is null.
    DiskScan(const Repository& repository, Soundness& soundness, const ImageReader& source, const DiskMap* parent,
             const ChangeMap* changes, MapBuilder& map, Deduplicator& deduplicator)
        : repository_(repository),
          soundness_(soundness),
          source_(source),
          parent_(parent),
          inherited_(changes, source.info().virtual_size, parent != nullptr ? parent->size() : ByteCount{}),
          map_(map),
          deduplicator_(deduplicator),
          fingerprinter_(repository.info.fingerprint_seed),
          buffers_(segment_bytes) {}

    /// Reports the bytes that were read from the source.
    void run(Progress& progress, const std::stop_token& stop);

    /// Guest bytes of chunks that differ from the parent's. Complete after run().
    ByteCount bytes_changed() const { return bytes_changed_; }

private:
    /// Leaves up to `end` that the parent's map provides.
    struct InheritedLeaves {
        std::uint64_t end;
    };
    struct SegmentTask {
        ChunkIndex first;
        std::shared_ptr<const KnownLeaf> parent;
    };
    using Task = std::variant<InheritedLeaves, UniformLeaves, SegmentTask>;
    struct Scanned {
        std::variant<InheritedLeaves, UniformLeaves, ScannedSegment> what;
        std::shared_ptr<const KnownLeaf> parent;
    };
    using Pipeline = OrderedPipeline<Task, Scanned>;

    /// What to do about `leaf` and the equal ones after it; moves `leaf` past them. nullopt: scan it.
    std::optional<Task> whole_leaves_at(std::uint64_t& leaf) const;
    std::shared_ptr<const KnownLeaf> parent_leaf(std::uint64_t leaf) const;
    Scanned work(Task&& task) const;
    /// Processes a result.
    void enter(const Scanned& scanned);
    void enter(const UniformLeaves& leaves);
    void enter(const ScannedSegment& segment, const std::shared_ptr<const KnownLeaf>& parent);
    void finish_leaf();
    ByteCount size() const { return source_.info().virtual_size; }

    const Repository& repository_;
    Soundness& soundness_;
    const ImageReader& source_;
    const DiskMap* parent_;
    const InheritedChunks inherited_;
    MapBuilder& map_;
    Deduplicator& deduplicator_;
    const Fingerprinter fingerprinter_;
    mutable BufferPool buffers_;
    std::optional<LeafAssembly> leaf_;
    ByteCount bytes_changed_;
};

}  // namespace varve
