#pragma once
/// Tells the binary kinds of VMDK files apart by their first bytes.

#include "formats/base/byte_source.h"

namespace varve::vmdk {

enum class Magic : std::uint8_t {
    none,      ///< a descriptor's text, or anything else
    hosted,    ///< "KDMV"
    cowd,      ///< "COWD"
    sesparse,  ///< CAFEBABE
};

/// Throws Error(corrupt) for a "KDMV" that ends before its header does.
Magic magic_of(const ByteSourcePtr& device);

}  // namespace varve::vmdk
