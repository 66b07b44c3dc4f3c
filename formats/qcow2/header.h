#pragma once
/// The header of a qcow2 image: the fixed fields at the start of cluster 0, the extensions after them, and the backing
/// file's name. Fields that are read are checked against their limits and against the file. Source: qemu
/// docs/interop/qcow2.txt, "Header".

#include <optional>
#include <string>
#include <vector>

#include "formats/base/byte_source.h"
#include "formats/qcow2/header_extensions.h"
#include "formats/qcow2/tables.h"

namespace varve::qcow2 {

inline constexpr std::uint32_t magic = 0x514649fb;  // "QFI\xfb"

inline constexpr std::uint32_t header_bytes_v2 = 72;
inline constexpr std::uint32_t header_bytes_written = 112;  ///< of version 3, with the compression type

inline constexpr std::uint64_t l1_entries_max = (std::uint64_t{32} << 20) / 8;             ///< QCOW_MAX_L1_SIZE of qemu
inline constexpr std::uint64_t refcount_table_entries_max = (std::uint64_t{8} << 20) / 8;  ///< QCOW_MAX_REFTABLE_SIZE

enum class CryptMethod : std::uint32_t { none = 0, aes = 1, luks = 2 };

enum class Compression : std::uint8_t { zlib = 0, zstd = 1 };

/// A table of 8-byte entries in the file.
struct TablePlace {
    ByteOffset offset;
    std::uint64_t entries = 0;
    ByteRange range() const { return {offset, ByteCount{entries * 8}}; }
};

/// A table of records of varying length.
struct RecordsPlace {
    ByteOffset offset;
    std::uint32_t records = 0;
};

struct Header {
    std::uint32_t version = 0;  ///< 2 or 3
    std::uint32_t cluster_bits = 0;
    ByteCount virtual_size;
    CryptMethod crypt_method = CryptMethod::none;
    TablePlace l1;
    TablePlace refcounts;  ///< the refcount table (of whole clusters); none if its place is damaged
    RecordsPlace snapshots;
    Features features;
    std::uint32_t refcount_order = 4;
    std::uint32_t header_length = header_bytes_v2;
    Compression compression = Compression::zlib;
    std::optional<std::string> backing_name;
    Extensions extensions;
    /// What is damaged in fields that no guest byte depends on: full sentences. Such a field has a harmless value.
    std::vector<std::string> problems;

    ByteCount cluster_size() const { return {std::uint64_t{1} << cluster_bits}; }
    Geometry geometry() const;
    /// Whether guest data is in a file of its own, which `extensions.data_file` names.
    bool has_data_file() const;
    /// Whether that file, read as a raw image, is the whole disk.
    bool has_raw_data_file() const;
    bool is_encrypted() const { return crypt_method != CryptMethod::none; }
};

/// Reads and checks the header of `file`, except for the place of the snapshot table. Throws Error(corrupt) for a field
/// outside its limits that the disk depends on, and Error(unsupported)
/// that names the feature for what this version does not read. Costs two small reads and little memory.
Header read_header(const ByteSource& file);

/// The header of a new file, its extensions and the backing file's name: the beginning of cluster 0, which is zero
/// after them. `header` has no snapshots and no extensions but the backing format and the place of a LUKS header.
/// Throws Error(usage) when the backing file's name does not fit.
Bytes encode_header(const Header& header);

/// Throws Error(corrupt) unless the header has a possible number of snapshots, and an aligned place for their table.
void check_snapshots_place(const ByteSource& file, const Header& header);

/// The number of L1 entries that a disk of `virtual_size` needs.
std::uint64_t l1_entries_needed(const Header& header, ByteCount virtual_size);

/// Throws Error(corrupt) unless the L1 table `l1` of `owner` ("the active disk", "snapshot 3") is aligned, at most
/// 32 MiB, inside the file and long enough for a disk of `virtual_size`.
void check_l1(const ByteSource& file, const Header& header, const TablePlace& l1, ByteCount virtual_size,
              const std::string& owner);

}  // namespace varve::qcow2
