#pragma once
/// Reads the records of a qcow2 table one after the other: the snapshot table and the bitmap directory. Each record has
/// fixed fields, then extra data and texts of varying length, and is padded to a multiple of 8 bytes. Borrows the file;
/// one thread at a time.

#include <string>

#include "formats/base/byte_source.h"
#include "formats/base/source_cursor.h"
#include "formats/qcow2/header.h"

namespace varve {
class ByteReader;
}

namespace varve::qcow2 {

class RecordCursor {
public:
    /// `table` names the table in error texts, e.g. "snapshot table".
    RecordCursor(const ByteSource& file, ByteRange range, std::string table)
        : file_(file), in_(file, range, table), table_(std::move(table)) {}

    /// The next `count` bytes of the record, valid until the next call. Throws Error(corrupt) past the end of the
    /// table.
    ByteView take(std::size_t count);
    std::string text(std::size_t count) { return std::string(text_of(take(count))); }
    void skip(ByteCount count);

    /// Skips the padding and begins the next record. The last record of a table need not be padded.
    void next_record();

    /// Throws Error(corrupt): "`table` entry 3: `what`".
    [[noreturn]] void fail(const std::string& what) const;

private:
    const ByteSource& file_;
    SourceCursor in_;
    std::string table_;
    std::uint32_t record_ = 0;
    ByteCount used_;  ///< of the record
};

/// A table's offset and number of entries, the first two fields of every record.
TablePlace parse_table_place(ByteReader& in);

}  // namespace varve::qcow2
