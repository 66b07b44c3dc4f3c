#pragma once
/// A temporary file without a name: it vanishes with its last handle, however the program ends. For bytes that must be
/// read at any offset but come from a source that cannot seek (a pipe, a compressed file).

#include <filesystem>
#include <string>

#include "engine/base/file.h"

namespace varve {

/// Opens one for reading and writing, accessible to its owner only, in $TMPDIR or else in `folder`, which is created.
/// `content` names in error texts what it holds ("standard input"). Throws Error(io), which suggests TMPDIR.
File open_nameless_file(const std::filesystem::path& folder, const std::string& content);

/// Writes the 4 KiB blocks, counted from `at`, that are not zero. The file must read as zeros from `at` on; the caller
/// sets the size after the last bytes.
void write_sparsely(const File& file, ByteOffset at, ByteView bytes);

}  // namespace varve
