#include "formats/tar/pax_records.h"

#include <charconv>

#include <fmt/format.h>

#include "formats/base/excerpt.h"

namespace varve::tar {
namespace {

/// Removes the first record from the front of `rest` and returns its "KEY=VALUE"; nothing if its length is wrong.
std::optional<std::string_view> take_record(std::string_view& rest) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc() || length > rest.size() || length < digits + 2) return std::nullopt;
    const std::string_view record = rest.substr(0, length);
    if (record[digits] != ' ' || record.back() != '\n') return std::nullopt;
    rest.remove_prefix(length);
    return record.substr(digits + 1, length - digits - 2);
}

}  // namespace

void parse_pax(std::string_view records, PaxValues& values, const ByteSource& archive, ByteOffset at) {
    while (!records.empty()) {
        const std::string_view before = records;
        const auto record = take_record(records);
        const std::size_t equals = record ? record->find('=') : std::string_view::npos;
        if (equals == std::string_view::npos)
            throw corrupt(archive, at,
                          fmt::format("expected pax records 'LENGTH KEY=VALUE', found '{}'", excerpt(before)));
        const std::string_view key = record->substr(0, equals);
        if (key.starts_with("GNU.sparse."))
            throw refused(archive, at,
                          "it describes a sparse file of GNU tar, which varve does not unpack; unpack the archive with "
                          "'tar' and use the files in it");
        if (key == "path") values.path = record->substr(equals + 1);
        if (key == "size") values.size = record->substr(equals + 1);
    }
}

}  // namespace varve::tar
