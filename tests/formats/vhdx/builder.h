#pragma once
/// Builds VHDX files byte by byte: chains, sectors of 4096 bytes and logs, none of which qemu-img writes. Shares no
/// code with the reader, not even the checksum.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/base/bytes.h"

namespace varve::vhdx_test {

using Guid = std::array<std::byte, 16>;

/// Different for each `seed`.
Guid guid_of(unsigned seed);
/// "{00000001-…}"
std::string text_of_guid(const Guid& guid);
std::uint32_t crc_of(ByteView bytes);

/// What to do with a page when the log is replayed.
struct LogUpdate {
    std::uint64_t at = 0;
    Bytes page = {};          ///< 4096 bytes; empty: zeros
    std::uint64_t zeros = 0;  ///< their number
};

struct LogEntry {
    std::uint64_t sequence = 1;
    std::uint64_t place = 0;  ///< in the log
    std::uint64_t tail = 0;
    std::uint64_t flushed = 0;
    std::uint64_t last = 0;
    std::vector<LogUpdate> updates = {};
};

class Image {
public:
    static constexpr std::uint64_t mib = 1 << 20;
    static constexpr std::uint64_t log_at = mib;
    static constexpr std::uint64_t metadata_at = 2 * mib;
    static constexpr std::uint64_t table_at = 3 * mib;

    explicit Image(std::uint64_t size, std::uint64_t block_size = mib, std::uint32_t sector = 512);

    /// A differencing image over the one with `linkage`.
    Image& over(const Guid& linkage, std::map<std::string, std::string> names);
    /// The whole block has its own bytes.
    Image& block(std::uint64_t number, const Bytes& content);
    /// A state without bytes.
    Image& state(std::uint64_t number, unsigned value);
    /// Sectors of a block: those not in `content` are the parent's. `content` by number of sector in the block.
    Image& sectors(std::uint64_t number, const std::map<std::uint64_t, char>& content);
    Image& log(const std::vector<LogEntry>& entries);

    std::uint64_t entry_number(std::uint64_t block) const { return block + block / ratio(); }
    std::uint64_t ratio() const { return (std::uint64_t{1} << 23) * sector / block_size; }

    /// The file; header 2 is the current one.
    Bytes file() const;

    std::uint64_t size;
    std::uint64_t block_size;
    std::uint32_t sector;
    Guid data_write = guid_of(1);
    Guid log_id = {};
    std::map<std::uint64_t, std::uint64_t> table = {};  ///< entries of the block allocation table
    Bytes payload = {};                                 ///< from 4 MiB on

private:
    std::uint64_t take(std::uint64_t bytes);
    Bytes metadata() const;
    Bytes header(std::uint64_t sequence) const;

    bool has_parent_ = false;
    Guid linkage_ = {};
    std::map<std::string, std::string> names_ = {};
    Bytes log_ = Bytes(mib);
};

}  // namespace varve::vhdx_test
