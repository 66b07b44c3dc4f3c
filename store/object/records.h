#pragma once
/// The records of which bodies of small objects consist (FORMAT.md section 3): type, flags, length, bytes. Also the few
/// compound fields in them: str, map, addr.

#include <functional>
#include <map>
#include <string>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/repository/chunk.h"

namespace varve {

enum class RecordNeed {
    critical,   ///< a reader that does not know the type must refuse the object
    ignorable,  ///< such a reader skips it
};

/// Builds a body record by record. Error(usage) for a text or a record too long for its field.
class RecordWriter {
public:
    /// Appends one record; `fill` writes its bytes.
    void record(std::uint16_t type, RecordNeed need, const std::function<void(ByteWriter&)>& fill);
    Bytes release() { return body_.release(); }

private:
    ByteWriter body_;
};

/// Passes each record of `body` to `take`, which returns whether it knows the type. Throws Error(corrupt) for a body
/// that is not a sequence of records, Error(unsupported) for an unknown critical record. `object` is for error texts.
void read_records(ByteView body, const std::string& object,
                  const std::function<bool(std::uint16_t type, ByteReader& fields)>& take);

void write_text(ByteWriter& to, std::string_view text);
/// Error(corrupt) if it is not UTF-8.
std::string read_text(ByteReader& from);

void write_map(ByteWriter& to, const std::map<std::string, std::string>& map);
/// Error(corrupt) unless the keys ascend.
std::map<std::string, std::string> read_map(ByteReader& from);

void write_address(ByteWriter& to, const ChunkAddress& address);
ChunkAddress read_address(ByteReader& from);

inline void write_i64(ByteWriter& to, std::int64_t value) { to.u64le(static_cast<std::uint64_t>(value)); }
inline std::int64_t read_i64(ByteReader& from) { return static_cast<std::int64_t>(from.u64le()); }

}  // namespace varve
