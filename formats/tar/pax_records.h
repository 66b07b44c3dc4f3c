#pragma once
/// The records of a pax extended header: text values for which the fields of a tar header are too small. Source:
/// POSIX.1 pax, "pax Extended Header": "LENGTH KEY=VALUE\n", where LENGTH is decimal and counts the whole record.
///
/// Plain values; safe from any thread.

#include <optional>
#include <string>

#include "formats/base/byte_source.h"
#include "formats/tar/header.h"

namespace varve::tar {

/// The longest extended header.
inline constexpr ByteCount pax_bytes_max = mib(1);

/// The values that a reader of contents needs; an empty text cancels the value of a global header.
struct PaxValues {
    std::optional<std::string> path;  ///< untrusted
    std::optional<std::string> size;  ///< decimal
};

/// Parses the records into `values`; later ones override earlier ones, other keys are skipped. `at` is the place of the
/// header's block. Throws Error(corrupt) for records that break the grammar, Error(refused) for GNU's sparse files.
void parse_pax(std::string_view records, PaxValues& values, const ByteSource& archive, ByteOffset at);

}  // namespace varve::tar
