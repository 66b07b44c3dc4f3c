#pragma once
/// Small files kept with a commit (a machine's XML, its nvram): their names and their bytes. An attachment is one
/// metadata slot (store/FORMAT.md section 5, kind 6), so it is checked against its SHA-256 like any other.

#include <optional>
#include <string>
#include <string_view>

#include "engine/repository/chunk_store.h"
#include "engine/repository/log_entry.h"

namespace varve {

/// The capacity of one slot.
inline constexpr ByteCount attachment_bytes_max{frame_plain_bytes_max};
inline constexpr std::size_t attachment_name_bytes_max = 255;  ///< the limit of file systems

/// What is wrong with `name` as the name of an attachment, to continue "the attachment name '…' "; nullopt for a plain
/// file name: 1–255 bytes of UTF-8 without '/' or a control character, neither '.' nor '..'.
std::optional<std::string> attachment_name_fault(std::string_view name);

/// A file to be kept with a backup.
struct FileToAttach {
    std::string name;  ///< one path component; see attachment_name_fault()
    Bytes bytes;       ///< at most attachment_bytes_max
};

/// The attachment's bytes, exactly attachment.bytes. Throws Error(corrupt) when the record and the slot differ in
/// length or are longer than attachment_bytes_max, and what ChunkStore::get_metadata() throws; both name it.
Bytes read_attachment(const ChunkStore& chunks, const Attachment& attachment);

}  // namespace varve
