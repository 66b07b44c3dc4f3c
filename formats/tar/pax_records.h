#pragma once
/// The records of a pax extended header, which say in text what the fields of a tar header are too small for. Source:
/// POSIX.1 pax, "pax Extended Header": "LENGTH KEY=VALUE\n", LENGTH in decimal and of the whole record.
///
/// Plain values; safe from any thread.

#include <optional>
#include <string>

#include "formats/base/byte_source.h"
#include "formats/tar/header.h"

namespace varve::tar {

/// Of one extended header.
inline constexpr ByteCount pax_bytes_max = mib(1);

/// What a reader of contents needs; an empty text takes back what a global header said.
struct PaxValues {
    std::optional<std::string> path;  ///< untrusted
    std::optional<std::string> size;  ///< decimal
};

/// Reads the records into `values`, a later one over an earlier one; other keys are passed over. `at` is where the
/// header's block lies. Throws Error(corrupt) for records that break the grammar, Error(refused) for GNU's sparse
/// files.
void parse_pax(std::string_view records, PaxValues& values, const ByteSource& archive, ByteOffset at);

}  // namespace varve::tar
