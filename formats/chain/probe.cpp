#include "formats/chain/probe.h"

namespace varve {

const FormatDescriptor* probe_format(const ByteSource& source, const FormatList& formats) {
    constexpr std::size_t start_bytes = 4096;
    Bytes bytes(start_bytes);
    bytes.resize(read_some(source, ByteOffset{}, bytes));
    const std::string_view start = text_of(bytes);
    for (const FormatDescriptor* format : formats.all())
        if (format->has_magic(start)) return format;
    for (const FormatDescriptor* format : formats.all())
        if (format->claims != nullptr && format->claims(source, start)) return format;
    return nullptr;
}

}  // namespace varve
