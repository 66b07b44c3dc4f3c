#pragma once
/// A temporary file that has no name: it is gone with its last handle, however the program ends. For bytes that must be
/// read at any offset and come from where that can't be done (a pipe, a compressed file).

#include <filesystem>
#include <string>

#include "engine/base/file.h"

namespace varve {

/// Opens one for reading and writing, by its owner alone, in $TMPDIR, else in `folder`, which is created. `content`
/// says in error texts what is kept there ("standard input"). Throws Error(io), which names TMPDIR.
File open_nameless_file(const std::filesystem::path& folder, const std::string& content);

/// Writes the blocks of 4 KiB, counted from `at`, that are not zero. The file must read as zeros from `at` on; whoever
/// wrote the last bytes sets the size.
void write_sparsely(const File& file, ByteOffset at, ByteView bytes);

}  // namespace varve
