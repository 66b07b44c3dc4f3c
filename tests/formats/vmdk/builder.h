#pragma once
/// Builds VMDK files field by field, for cases that no tool writes. Based on the specification alone: it shares no
/// constant or header with the reader.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/bytes.h"

namespace varve::reader_test::vmdk {

/// A file of little-endian fields that grows as needed.
class FileBytes {
public:
    FileBytes& le16(std::uint64_t at, std::uint16_t v) { return integer(at, v); }
    FileBytes& le32(std::uint64_t at, std::uint32_t v) { return integer(at, v); }
    FileBytes& le64(std::uint64_t at, std::uint64_t v) { return integer(at, v); }
    FileBytes& text(std::uint64_t at, std::string_view text);
    FileBytes& fill(std::uint64_t at, std::uint64_t length, char with);
    FileBytes& grow(std::uint64_t length);
    FileBytes& cut(std::uint64_t length);
    std::uint64_t end() const { return bytes_.size(); }
    ByteView view() const { return bytes_; }

private:
    template <std::unsigned_integral T>
    FileBytes& integer(std::uint64_t at, T v) {
        grow(at + sizeof(T));
        store_le<T>(ByteSpan(bytes_).subspan(static_cast<std::size_t>(at)), v);
        return *this;
    }
    Bytes bytes_;
};

/// A descriptor with these extent lines; each of `more` is a further line.
std::string descriptor(const std::string& create_type, const std::vector<std::string>& extents,
                       const std::string& cid = "12345678", const std::string& parent_cid = "ffffffff",
                       const std::vector<std::string>& more = {});

/// The grains of a sparse file: the number of each and the byte that fills it.
using Grains = std::map<std::uint64_t, char>;

/// Places of a hosted sparse file with grains of 4 KiB: descriptor in sectors 1 to 20, both directories and all their
/// tables before sector 96, where the grains begin, in ascending order.
struct Hosted {
    static constexpr std::uint64_t grain = 4096;
    static constexpr std::uint64_t redundant_directory = 21 * 512;
    static constexpr std::uint64_t redundant_table = 22 * 512;  ///< the first; the others follow
    static constexpr std::uint64_t directory = 60 * 512;
    static constexpr std::uint64_t table = 61 * 512;
    static constexpr std::uint64_t data = 96 * 512;

    FileBytes file;
};

/// `zeros` become entries of 1 (with flag 4). `sectors` is at most 8 tables' worth.
Hosted hosted(std::uint64_t sectors, const Grains& grains, const std::string& descriptor_text,
              const std::vector<std::uint64_t>& zeros = {});

enum class StreamTail { footer, directory_in_front, none };

/// A stream as VMware writes it, with grains of 64 KiB: markers, tables after their grains, directory, footer.
struct Stream {
    static constexpr std::uint64_t grain = 65536;
    static constexpr std::uint64_t data = 24 * 512;  ///< where the markers begin
    FileBytes file;
    std::map<std::uint64_t, std::uint64_t> markers;  ///< byte of each grain's marker
    std::uint64_t directory = 0;                     ///< byte
    std::uint64_t footer = 0;                        ///< byte of the footer's header; 0: none
};

Stream stream(std::uint64_t sectors, const Grains& grains, const std::string& descriptor_text, StreamTail tail);

/// The bytes of a zlib stream.
std::string deflated(std::string_view plain);

/// A COWD file with grains of one sector; only tables with a grain exist.
FileBytes cowd(std::uint32_t sectors, const Grains& grains);

/// Places of a seSparse file.
struct SeSparse {
    static constexpr std::uint64_t grain = 4096;
    static constexpr std::uint64_t volatile_header = 1 * 512;
    static constexpr std::uint64_t directory = 8 * 512;
    static constexpr std::uint64_t tables = 16 * 512;  ///< 32 KiB each
    std::uint64_t grains = 0;                          ///< where the grains begin
    FileBytes file;
};

/// `zeros` are of type 2, `unmapped` of type 1. The tables are in the file in descending order.
SeSparse sesparse(std::uint64_t sectors, const Grains& grains, const std::vector<std::uint64_t>& zeros = {},
                  const std::vector<std::uint64_t>& unmapped = {});

/// The guest bytes of these grains.
Bytes guest_bytes(std::uint64_t sectors, std::uint64_t grain, const Grains& grains);

}  // namespace varve::reader_test::vmdk
