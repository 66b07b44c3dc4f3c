#include "formats/qcow1/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/image_error.h"
#include "formats/base/padded_read.h"
#include "formats/base/stored_extent.h"
#include "formats/crypt/decrypted_read.h"
#include "formats/crypt/encrypted_image.h"
#include "formats/crypt/legacy_aes.h"
#include "formats/qcow2/compression.h"

namespace varve::qcow1 {
namespace {

constexpr std::uint64_t compressed_flag = std::uint64_t{1} << 63;

/// A compressed entry holds the length of its stream above the place.
StoredCluster decode(const Header& header, std::uint64_t entry) {
    if (entry == 0) return {};
    if ((entry & compressed_flag) != 0) {
        const unsigned place_bits = 63 - header.cluster_bits;
        const std::uint64_t length = entry >> place_bits & (header.cluster_size().value - 1);
        return {StoredKind::compressed, ByteOffset{entry & ((std::uint64_t{1} << place_bits) - 1)}, {length}, {}};
    }
    StoredCluster cluster{StoredKind::data, ByteOffset{entry}, {}, {}};
    if (entry % sector_bytes != 0)
        cluster.problem = fmt::format("has the place {}, expected a multiple of {}", entry, sector_bytes);
    return cluster;
}

TwoLevelMap::Shape shape_of(const Header& header) {
    return {
        header.l1_range(), header.l2_entries(), header.cluster_size(), header.virtual_size, std::endian::big, 1, false};
}

}  // namespace

Reader::Reader(ByteSourcePtr source, const Options& options, std::shared_ptr<ReadCaches> caches)
    : source_(std::move(source)),
      header_(read_header(*source_)),
      caches_(std::move(caches)),
      cache_owner_(caches_->clusters.new_owner()),
      map_(
          *source_, shape_of(header_), [this](std::uint64_t entry) { return decode(header_, entry); }, caches_) {
    describe(options);
    if (header_.is_encrypted) open_encryption(options);
}

void Reader::describe(const Options& options) {
    info_.format = "qcow";
    info_.virtual_size = header_.virtual_size;
    info_.cluster_size = header_.cluster_size();
    info_.backing = header_.backing_name;
    info_.warnings = options.warnings;
}

void Reader::open_encryption(const Options& options) {
    info_.features.emplace_back("encrypted by AES (aes-128-cbc-plain64)");
    if (options.secret) {
        cipher_.emplace(crypt::legacy_aes(*options.secret));
        crypt::refuse_noise(*this, source_->name());
    } else if (!options.is_for_facts_only) {
        throw crypt::secret_needed(*source_, "by AES");
    }
}

Extent Reader::extent_at(ByteOffset at) const {
    VARVE_CHECK(at.value < info_.virtual_size.value);
    if (const auto rest = recent_.rest_from(at)) return *rest;
    Extent extent = map_.extent_at(at);
    const auto run_at = [&](ByteRange guest) -> StoredRun {
        const ClusterRun run = map_.run_at(guest);
        return {run.length, run.kind == StoredKind::data ? std::optional(run.place) : std::nullopt};
    };
    if (extent.kind == ExtentKind::data && !header_.is_encrypted)  // an encrypted hole is noise, not zeros
        extent = stored_extent(*source_, {at, extent.length}, run_at);
    recent_.remember(extent);
    return extent;
}

void Reader::read(ByteOffset at, ByteSpan out) const {
    VARVE_CHECK(at.value <= info_.virtual_size.value && out.size() <= info_.virtual_size.value - at.value);
    while (!out.empty()) {
        const ClusterRun run = map_.run_at({at, ByteCount{out.size()}});
        const ByteSpan part = out.first(static_cast<std::size_t>(run.length.value));
        if (run.kind == StoredKind::data) {
            bytes_read_.fetch_add(read_data(run, at, part).value, std::memory_order_relaxed);
        } else if (run.kind == StoredKind::compressed) {
            read_compressed(run, at, part);
            bytes_read_.fetch_add(part.size(), std::memory_order_relaxed);
        } else {
            std::fill(part.begin(), part.end(), std::byte{0});
        }
        at += run.length;
        out = out.subspan(part.size());
    }
}

ByteCount Reader::read_data(const ClusterRun& run, ByteOffset at, ByteSpan out) const {
    if (!header_.is_encrypted) return padded_read(*source_, run.place, header_.cluster_size(), out);
    if (!cipher_) throw crypt::secret_needed(*source_, "by AES");
    return crypt::decrypted_read(*source_, run.place, at, *cipher_, out);
}

void Reader::read_compressed(const ClusterRun& run, ByteOffset at, ByteSpan out) const {
    // Two entries may claim different lengths for the stream at one place: they are different blocks.
    const BlockCache::Key key{cache_owner_ << 32 | run.stored.value, run.place.value};
    const BlockCache::Block cluster = caches_->clusters.get(key, [&] { return inflate(run); });
    const auto inside = static_cast<std::size_t>(at.value % header_.cluster_size().value);
    std::copy_n(cluster->begin() + static_cast<std::ptrdiff_t>(inside), out.size(), out.begin());
}

Bytes Reader::inflate(const ClusterRun& run) const {
    Bytes stored(static_cast<std::size_t>(run.stored.value));
    stored.resize(read_some(*source_, run.place, stored));
    Bytes cluster(static_cast<std::size_t>(header_.cluster_size().value));
    try {
        qcow2::inflate_cluster(qcow2::Compression::zlib, stored, cluster);
    } catch (const Error& error) {
        throw corrupt_image(*source_, fmt::format("compressed cluster at byte {}: {}", run.place.value, error.what()));
    }
    return cluster;
}

}  // namespace varve::qcow1
