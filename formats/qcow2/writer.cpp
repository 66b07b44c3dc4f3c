#include "formats/qcow2/writer.h"

#include <bit>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/crypt/encrypting_output.h"
#include "formats/output/unit_writer.h"
#include "formats/qcow2/compressed_clusters.h"
#include "formats/qcow2/header.h"
#include "formats/qcow2/host_space.h"
#include "formats/qcow2/map_writer.h"
#include "formats/qcow2/plain_clusters.h"
#include "formats/qcow2/refcount_writer.h"

namespace varve::qcow2 {
namespace {

Header header_of(const CreationOptions& options, ByteCount virtual_size, TablePlace l1, TablePlace refcounts,
                 std::optional<ByteRange> luks) {
    Header header;
    header.version = options.version;
    header.cluster_bits = options.cluster_bits;
    header.virtual_size = virtual_size;
    header.l1 = l1;
    header.refcounts = refcounts;
    if (options.compression == Compression::zstd) header.features.incompatible |= incompatible_compression;
    if (options.extended_l2) header.features.incompatible |= incompatible_extended_l2;
    if (options.lazy_refcounts) header.features.compatible |= compatible_lazy_refcounts;
    header.refcount_order = static_cast<std::uint32_t>(std::countr_zero(options.refcount_bits));
    header.header_length = options.version == 2 ? header_bytes_v2 : header_bytes_written;
    header.compression = options.compression;
    header.backing_name = options.backing_file;
    header.extensions.backing_format = options.backing_format;
    header.extensions.luks = luks;
    if (luks) header.crypt_method = CryptMethod::luks;
    return header;
}

/// The parts of the file, and the order in which they are written.
class NewFile final : public UnitSink {
public:
    NewFile(std::unique_ptr<Output> output, ByteCount virtual_size, const CreationOptions& options,
            std::optional<crypt::NewLuks> luks)
        : output_(std::move(output)),
          virtual_size_(virtual_size),
          options_(options),
          space_(options.cluster_size()),
          map_(*output_, space_, virtual_size, options),
          refcounts_(*output_, space_, options.refcount_bits),
          luks_(std::move(luks)),
          luks_place_(place_luks()),
          clusters_(make_clusters()) {}

    void put(ByteOffset guest, ByteView clusters) override { clusters_->put(guest, clusters); }
    void put_part(ByteOffset guest, ByteView cluster, UnitParts covered) override;
    void zero(ByteRange guest) override { clusters_->zero(guest); }
    void finish() override;
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    std::optional<ByteRange> place_luks();
    std::unique_ptr<ClusterSink> make_clusters();

    std::unique_ptr<Output> output_;
    ByteCount virtual_size_;
    CreationOptions options_;
    HostSpace space_;
    MapWriter map_;
    RefcountWriter refcounts_;
    std::optional<crypt::NewLuks> luks_;
    std::optional<ByteRange> luks_place_;
    std::optional<crypt::EncryptingOutput> encrypting_;
    std::unique_ptr<ClusterSink> clusters_;
};

std::optional<ByteRange> NewFile::place_luks() {
    if (!luks_) return std::nullopt;
    const ByteCount length{luks_->head.size()};
    const std::uint64_t cluster = options_.cluster_size().value;
    return ByteRange{space_.take({divide_up(length.value, cluster) * cluster}), length};
}

std::unique_ptr<ClusterSink> NewFile::make_clusters() {
    if (options_.compress)
        return std::make_unique<CompressedClusters>(*output_, space_, map_, refcounts_, virtual_size_, options_);
    if (luks_) encrypting_.emplace(*output_, luks_->cipher, ByteOffset{});
    Output& data = encrypting_ ? static_cast<Output&>(*encrypting_) : *output_;
    return std::make_unique<PlainClusters>(data, space_, map_, virtual_size_, options_);
}

/// A cluster that is only allocated as a whole is covered by any range in it.
void NewFile::put_part(ByteOffset guest, ByteView cluster, UnitParts covered) {
    const bool is_one_unit = options_.unit() == options_.cluster_size();
    clusters_->put_part(guest, cluster, is_one_unit ? all_subclusters(options_) : Subclusters{covered});
}

void NewFile::finish() {
    clusters_->finish();
    const TablePlace l1 = map_.finish();
    const TablePlace refcounts = refcounts_.finish();
    output_->resize(space_.end() - ByteOffset{});
    if (luks_) output_->write(luks_place_->begin, luks_->head);
    output_->write({}, encode_header(header_of(options_, virtual_size_, l1, refcounts, luks_place_)));
    output_->commit();
}

}  // namespace

ByteCount virtual_size_max(const CreationOptions& options) { return {l1_entries_max * options.l2_reach()}; }

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options, std::optional<crypt::NewLuks> luks) {
    VARVE_CHECK(options.is_encrypted == luks.has_value());
    VARVE_CHECK(options.cluster_bits >= 9 && options.cluster_bits <= 21);
    const ByteCount size_max = virtual_size_max(options);
    if (virtual_size > size_max)
        throw Error(
            ErrorCode::unsupported,
            fmt::format(
                "a disk of {} bytes is too large for qcow2, which holds at most {} at {}-byte clusters{}: choose raw",
                virtual_size.value, size_max.value, options.cluster_size().value,
                options.extended_l2 ? " with extended_l2=on" : ""));
    encode_header(header_of(options, virtual_size, {}, {},
                            std::nullopt));  // reports what does not fit before anything is written
    const auto parts = static_cast<unsigned>(options.cluster_size().value / options.unit().value);
    return write_in_units(std::make_unique<NewFile>(std::move(output), virtual_size, options, std::move(luks)),
                          virtual_size, options.cluster_size(), parts);
}

}  // namespace varve::qcow2
