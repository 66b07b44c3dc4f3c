#include "formats/vmdk/descriptor_source.h"

#include <fmt/format.h>

#include "formats/vmdk/error.h"
#include "formats/vmdk/magic.h"
#include "formats/vmdk/sparse_extent.h"

namespace varve::vmdk {

std::string read_descriptor_file(const ByteSourcePtr& file) {
    const std::uint64_t size = file->size().value;
    if (size > descriptor_bytes_max)
        throw corrupt(file->place({}),
                      fmt::format("expected a descriptor of at most {} bytes, found {}", descriptor_bytes_max, size));
    std::string text(static_cast<std::size_t>(size), '\0');
    file->read_at({}, std::as_writable_bytes(std::span(text.data(), text.size())));
    return text;
}

std::optional<std::string> find_descriptor(const ByteSourcePtr& file) {
    const Magic magic = magic_of(file);
    if (magic == Magic::none) return read_descriptor_file(file);
    if (magic != Magic::hosted) return std::nullopt;
    const SparseHeader header = read_sparse_header(file, {});
    if (!header.descriptor) return std::nullopt;
    return read_embedded_descriptor(file, header);
}

}  // namespace varve::vmdk
