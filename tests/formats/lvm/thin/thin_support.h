#pragma once
/// Shared by the tests of thin pools: the pools of the LVM fixture, metadata in memory that a test can damage, and the
/// thin-provisioning-tools as an oracle for the contents of a pool's metadata.

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "formats/lvm/thin/changes.h"
#include "tests/fakes/steady_image.h"
#include "tests/support/writer_support.h"

namespace varve::thin::test {

/// A disk in memory, all data, whose bytes a test may change.
class MemoryDisk final : public fakes::SteadyImage {
public:
    explicit MemoryDisk(Bytes bytes);
    Bytes& bytes() { return bytes_; }
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {}; }

private:
    Bytes bytes_;
    ImageInfo info_;
};

/// Pieces of other disks, concatenated like the segments of a linear or striped logical volume.
class PiecesReader final : public fakes::SteadyImage {
public:
    struct Piece {
        std::shared_ptr<const ImageReader> disk;
        ByteRange range;
    };
    explicit PiecesReader(std::vector<Piece> pieces);
    const ImageInfo& info() const override { return info_; }
    Extent extent_at(ByteOffset at) const override;
    void read(ByteOffset at, ByteSpan out) const override;
    ByteCount bytes_read() const override { return {}; }

private:
    std::pair<const Piece*, ByteRange> piece_at(ByteOffset at) const;

    std::vector<Piece> pieces_;
    ImageInfo info_;
};

/// The volumes of the thin fixture, assembled according to its vgcfg text: "pool_tmeta", "pool_tdata", "pool2_tmeta",
/// "pool2_tdata", "base".
std::shared_ptr<const ImageReader> fixture_volume(const std::string& name);

/// All of it.
Bytes volume_bytes(const std::string& name);

/// Places read "'<name>' at byte <offset>".
ByteSourcePtr named_device(std::shared_ptr<const ImageReader> bytes, const std::string& name);

struct Pool {
    std::shared_ptr<const MetadataBlocks> blocks;
    Superblock superblock;
    Devices devices;

    Mapping mapping(DeviceId id) const { return Mapping(blocks, devices.find(id)); }
};

Pool open_pool(const ByteSourcePtr& metadata, SuperblockChoice choice = SuperblockChoice::main);
Pool open_pool(const Bytes& metadata);
/// "pool" or "pool2" of the fixture.
Pool fixture_pool(const std::string& name);

/// The mapped runs of a device, with consecutive ones joined, as thin_dump writes them.
std::vector<MappingRun> mapped_runs(const Mapping& mapping);

/// What thin_dump reports about one device.
struct DumpedDevice {
    Device device;  ///< without the root
    std::vector<MappingRun> runs;
};

/// One line of thin_delta's output: "same", "different", "left_only" or "right_only", begin and length.
using DeltaRun = std::tuple<std::string, std::uint64_t, std::uint64_t>;

/// The attribute `name` of a line of XML, as a number.
std::uint64_t attribute(const std::string& line, const std::string& name);

/// The result of a comparison of two devices in thin_delta's terms, with adjacent runs joined; "same" only occurs when
/// shared nodes are looked into.
std::vector<DeltaRun> compare(const Pool& pool, DeviceId before, DeviceId now, SharedNodes shared_nodes);

/// A metadata file for use with the thin-provisioning-tools.
class MetadataFile {
public:
    explicit MetadataFile(const Bytes& metadata);
    /// Made by thin_restore, of `blocks` blocks.
    MetadataFile(const std::string& xml, std::size_t blocks);

    Bytes bytes() const { return writer_test::read_file(path()); }
    std::map<DeviceId, DumpedDevice> dump() const;
    std::vector<DeltaRun> delta(DeviceId before, DeviceId now) const;
    std::string path() const { return folder_.file("tmeta"); }

private:
    writer_test::ScratchFolder folder_;
};

/// Compares two devices with and without looking into shared nodes, and the changes since a mark that no block is
/// younger than, with what thin_delta reports.
void check_against_thin_delta(const Pool& pool, const MetadataFile& file, DeviceId before, DeviceId now);

}  // namespace varve::thin::test
