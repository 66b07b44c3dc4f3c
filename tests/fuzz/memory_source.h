#pragma once
/// The input of a fuzz target as a file that no name leads to.

#include <sys/mman.h>

#include "formats/guard/file_source.h"

namespace varve::fuzz {

inline ByteSourcePtr memory_source(ByteView bytes) {
    File file(UniqueFd(::memfd_create("fuzz", MFD_CLOEXEC)), "input");
    file.write_all(ByteOffset{}, bytes);
    return std::make_shared<const FileSource>(std::move(file));
}

}  // namespace varve::fuzz
