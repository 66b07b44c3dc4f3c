#include "formats/qcow2/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"
#include "formats/base/padded_read.h"
#include "formats/crypt/encrypted_image.h"
#include "formats/crypt/legacy_aes.h"
#include "formats/qcow2/bitmaps.h"
#include "formats/qcow2/compression.h"
#include "formats/qcow2/features.h"
#include "formats/qcow2/overlaps.h"

namespace varve::qcow2 {
namespace {

std::string on_or_off(bool set) { return set ? "on" : "off"; }

std::map<std::string, std::string> creation_options(const Header& header) {
    std::map<std::string, std::string> options{
        {"cluster_size", fmt::format("{}", header.cluster_size().value)},
        {"compat", header.version == 2 ? "0.10" : "1.1"},
        {"compression_type", header.compression == Compression::zstd ? "zstd" : "zlib"},
        {"extended_l2", on_or_off((header.features.incompatible & incompatible_extended_l2) != 0)},
        {"lazy_refcounts", on_or_off((header.features.compatible & compatible_lazy_refcounts) != 0)},
        {"refcount_bits", fmt::format("{}", 1u << header.refcount_order)},
    };
    if (header.has_data_file()) {
        options.emplace("data_file", *header.extensions.data_file);
        options.emplace("data_file_raw", on_or_off(header.has_raw_data_file()));
    }
    return options;
}

ByteSourcePtr open_data_file(const ByteSource& file, const Header& header, const Reader::OpenDataFile& open) {
    if (!header.has_data_file()) return nullptr;
    if (!open) throw unsupported_image(file, "an external data file (incompatible feature bit 2)");
    return open(*header.extensions.data_file);
}

void append(std::vector<std::string>& to, std::vector<std::string> more) {
    for (std::string& text : more) to.push_back(std::move(text));
}

}  // namespace

Reader::Reader(ByteSourcePtr source, const Options& options, std::shared_ptr<ReadCaches> caches)
    : source_(std::move(source)),
      header_(read_header(*source_)),
      caches_(std::move(caches)),
      cache_owner_(caches_->clusters.new_owner()) {
    data_file_ = open_data_file(*source_, header_, options.open_data_file);
    describe(options);
    open_encryption(options);
    const DiskState state = choose_state(options);
    info_.state = state.identity;
    info_.virtual_size = state.virtual_size;
    map_ = std::make_unique<ClusterMap>(*source_, data(), header_.geometry(), state.l1, state.virtual_size, caches_);
    if (encryption_ && encryption_->is_unproven() && encryption_->has_key())
        crypt::refuse_noise(*this, source_->name());
}

void Reader::open_encryption(const Options& options) {
    if (!header_.is_encrypted()) return;
    encryption_.emplace(*source_, header_, options.secret);
    info_.features.push_back(encryption_->feature());
    if (!encryption_->has_key() && !options.is_for_facts_only)
        throw crypt::secret_needed(*source_, encryption_->method());
}

DiskState Reader::choose_state(const Options& options) {
    if (options.is_backing) return {header_.l1, header_.virtual_size, {}};
    const SnapshotTable table = read_snapshots(*source_, header_);
    for (const Snapshot& snapshot : table.snapshots) info_.snapshots.push_back(snapshot.facts);
    if (!table.problem.empty())
        info_.warnings.push_back(fmt::format("the table of internal snapshots is damaged, {} of {} can be used: {}",
                                             table.snapshots.size(), header_.snapshots.records, table.problem));
    return qcow2::choose_state(*source_, header_, table, options.snapshot);
}

std::vector<std::string> Reader::late_warnings() const {
    std::vector<std::string> all = source_->late_warnings();
    if (data_file_)
        for (std::string& sentence : data_file_->late_warnings()) all.push_back(std::move(sentence));
    for (std::string& sentence : map_->late_warnings()) all.push_back(std::move(sentence));
    return all;
}

void Reader::check_unchanged() const {
    source_->check_unchanged();
    if (data_file_) data_file_->check_unchanged();
}

void Reader::describe(const Options& options) {
    info_.format = "qcow2";
    info_.cluster_size = header_.cluster_size();
    info_.backing = header_.backing_name;
    info_.features = feature_names(header_.features);
    info_.options = creation_options(header_);
    append(info_.warnings, options.warnings);
    append(info_.warnings, feature_warnings(*source_, header_.features));
    for (const auto& problems : {header_.problems, header_.extensions.problems})
        for (const std::string& problem : problems)
            info_.warnings.push_back(
                fmt::format("the image was read although a part of it is damaged that the disk does "
                            "not depend on: {}",
                            problem));
    append(info_.warnings, overlap_warnings(*source_, header_));
    if (!options.is_backing) info_.bitmaps = read_bitmaps(*source_, header_, info_.warnings);
}

Extent Reader::extent_at(ByteOffset at) const {
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = mapped_extent_at(at);
    if (extent.kind == ExtentKind::data && !encryption_)  // an encrypted hole is noise, not zeros
        extent = stored_extent(data(), {at, extent.length}, [&](ByteRange guest) { return stored_run(guest); });
    recent_.remember(extent);
    return extent;
}

Extent Reader::mapped_extent_at(ByteOffset at) const {
    if (const auto rest = mapped_.rest_from(at)) return *rest;
    const Extent extent = map_->extent_at(at);
    mapped_.remember(extent);
    return extent;
}

StoredRun Reader::stored_run(ByteRange guest) const {
    const HostRun run = map_->host_run_at(guest);
    return {run.length, run.kind == ClusterKind::data ? std::optional(run.host) : std::nullopt};
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const HostRun run = map_->host_run_at({at, ByteCount{out.size()}});
        const ByteSpan part = out.first(static_cast<std::size_t>(run.length.value));
        read_run(run, at, part);
        at += run.length;
        out = out.subspan(part.size());
    }
}

void Reader::read_run(const HostRun& run, ByteOffset at, ByteSpan out) const {
    switch (run.kind) {
        case ClusterKind::unallocated:
        case ClusterKind::zero:
            std::fill(out.begin(), out.end(), std::byte{0});
            return;
        case ClusterKind::data:
            bytes_read_.fetch_add(read_data(run, at, out).value, std::memory_order_relaxed);
            return;
        case ClusterKind::compressed:
            read_compressed(run, at, out);
            bytes_read_.fetch_add(out.size(), std::memory_order_relaxed);
            return;
    }
}

ByteCount Reader::read_data(const HostRun& run, ByteOffset at, ByteSpan out) const {
    return encryption_ ? encryption_->read(data(), run.host, at, out)
                       : padded_read(data(), run.host, header_.cluster_size(), out);
}

void Reader::read_compressed(const HostRun& run, ByteOffset at, ByteSpan out) const {
    // Two entries may claim different lengths for the stream at one offset: they are different blocks.
    const std::uint64_t sectors = divide_up(run.stored.value, 512);
    const BlockCache::Key key{cache_owner_ << 32 | sectors, run.host.value};
    const BlockCache::Block cluster = caches_->clusters.get(key, [&] { return inflate(run); });
    const auto inside = static_cast<std::size_t>(at.value % header_.cluster_size().value);
    std::copy_n(cluster->begin() + static_cast<std::ptrdiff_t>(inside), out.size(), out.begin());
}

Bytes Reader::inflate(const HostRun& run) const {
    Bytes stored(static_cast<std::size_t>(run.stored.value));
    stored.resize(read_some(*source_, run.host, stored));
    Bytes cluster(static_cast<std::size_t>(header_.cluster_size().value));
    try {
        inflate_cluster(header_.compression, stored, cluster);
    } catch (const Error& error) {
        throw corrupt_image(*source_, fmt::format("compressed cluster at offset {}: {}", run.host.value, error.what()));
    }
    return cluster;
}

}  // namespace varve::qcow2
