#include "formats/qcow2/record_cursor.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/byte_reader.h"
#include "formats/base/image_error.h"

namespace varve::qcow2 {

ByteView RecordCursor::take(std::size_t count) {
    const ByteView bytes = in_.take(count);
    used_ += ByteCount{count};
    return bytes;
}

void RecordCursor::skip(ByteCount count) {
    in_.skip(count);
    used_ += count;
}

void RecordCursor::next_record() {
    const ByteCount padding{divide_up(used_.value, 8) * 8 - used_.value};
    in_.skip(std::min(in_.remaining(), padding));
    used_ = {};
    ++record_;
}

void RecordCursor::fail(const std::string& what) const {
    throw corrupt_image(file_, fmt::format("{} entry {}: {}", table_, record_, what));
}

TablePlace parse_table_place(ByteReader& in) {
    TablePlace place;
    place.offset = ByteOffset{in.u64be()};
    place.entries = in.u32be();
    return place;
}

}  // namespace varve::qcow2
