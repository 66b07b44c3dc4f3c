#include "engine/repository/attachment.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "engine/base/escape.h"

namespace varve {
namespace {

/// Whether escaping changes more than backslashes, which are only doubled: every other escape is longer than its text.
bool holds_unsafe(std::string_view name) {
    const auto backslashes = static_cast<std::size_t>(std::count(name.begin(), name.end(), '\\'));
    return escape_for_display(name).size() != name.size() + backslashes;
}

void check_attachment_length(std::uint64_t expected, std::uint64_t found) {
    if (expected > attachment_bytes_max.value)
        throw Error(ErrorCode::corrupt, fmt::format("expected at most {} bytes, found a record of {}",
                                                    attachment_bytes_max.value, expected));
    if (expected != found)
        throw Error(ErrorCode::corrupt, fmt::format("expected {} bytes as its snapshot records, found {}; 'varve "
                                                    "verify' shows what else is damaged",
                                                    expected, found));
}

}  // namespace

std::optional<std::string> attachment_name_fault(std::string_view name) {
    if (name.empty()) return "is empty";
    if (name.size() > attachment_name_bytes_max)
        return fmt::format("has {} bytes, at most {} are allowed", name.size(), attachment_name_bytes_max);
    if (!is_valid_utf8(name)) return "is not valid UTF-8";
    if (name == "." || name == "..") return "names a folder";
    if (name.find('/') != name.npos) return "contains '/', which would lead to another folder";
    if (holds_unsafe(name)) return "contains a control character";
    return std::nullopt;
}

Bytes read_attachment(const ChunkStore& chunks, const Attachment& attachment) {
    try {
        Bytes bytes = chunks.get_metadata(attachment.address, SlotKind::attachment);
        check_attachment_length(attachment.bytes, bytes.size());
        return bytes;
    } catch (Error& error) {
        if (is_damaged_or_missing(error))
            error.with_context(fmt::format("cannot read the attachment '{}'", attachment.name));
        throw;
    }
}

}  // namespace varve
