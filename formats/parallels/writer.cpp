#include "formats/parallels/writer.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/base/zero_split.h"
#include "formats/output/unit_writer.h"
#include "formats/parallels/header.h"
#include "formats/parallels/map_writer.h"

namespace varve::parallels {
namespace {

constexpr std::uint64_t clusters_max = (std::uint64_t{1} << 29) - 1;

Header header_of(ByteCount virtual_size, const CreationOptions& options) {
    Header header;
    header.virtual_size = virtual_size;
    header.cluster_size = options.cluster_size;
    header.entries = static_cast<std::uint32_t>(divide_up(virtual_size.value, options.cluster_size.value));
    const std::uint64_t clusters_before = divide_up(header.table().end().value, options.cluster_size.value);
    header.data_sector = static_cast<std::uint32_t>(clusters_before * options.cluster_size.value / sector.value);
    return header;
}

class Clusters final : public UnitSink {
public:
    Clusters(std::unique_ptr<Output> output, const Header& header)
        : output_(std::move(output)),
          header_(header),
          map_(*output_, header_),
          next_place_(static_cast<std::uint32_t>(header.data_sector * sector.value / header.cluster_size.value)) {}

    void put(ByteOffset guest, ByteView clusters) override;
    void put_part(ByteOffset guest, ByteView cluster, UnitParts) override { put(guest, cluster); }
    void zero(ByteRange) override {}
    void finish() override;
    ByteCount bytes_written() const override { return output_->bytes_written(); }

private:
    ByteOffset place_of(std::uint32_t place) const { return ByteOffset{place * header_.cluster_size.value}; }

    std::unique_ptr<Output> output_;
    Header header_;
    MapWriter map_;
    std::uint32_t next_place_;  ///< in clusters of the file
};

/// A run of clusters with data is in one piece in the file.
void Clusters::put(ByteOffset guest, ByteView clusters) {
    ZeroSplit split(guest, clusters, header_.cluster_size);
    while (const auto run = split.next()) {
        if (run->is_zero) continue;
        write_sparse(*output_, place_of(next_place_), run->bytes);
        const std::uint64_t first = run->begin.value / header_.cluster_size.value;
        for (std::uint64_t i = 0; i < run->bytes.size() / header_.cluster_size.value; ++i)
            map_.set(first + i, next_place_++);
    }
}

void Clusters::finish() {
    map_.finish();
    output_->resize(place_of(next_place_) - ByteOffset{});
    output_->write({}, encode_header(header_));
    output_->commit();
}

}  // namespace

ByteCount virtual_size_max(const CreationOptions& options) { return {clusters_max * options.cluster_size.value}; }

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, ByteCount virtual_size,
                                           const CreationOptions& options) {
    VARVE_CHECK(virtual_size.value % sector.value == 0);
    if (virtual_size > virtual_size_max(options))
        throw Error(ErrorCode::unsupported,
                    fmt::format("a disk of {} bytes is too large for parallels with clusters of {} bytes, which holds "
                                "at most {}: choose qcow2, raw or a larger cluster_size",
                                virtual_size.value, options.cluster_size.value, virtual_size_max(options).value));
    return write_in_units(std::make_unique<Clusters>(std::move(output), header_of(virtual_size, options)), virtual_size,
                          options.cluster_size);
}

}  // namespace varve::parallels
