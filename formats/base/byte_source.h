#pragma once
/// The bytes that an image, an archive or a volume group is read from: a file or device, a window of another source, a
/// logical volume. Code that reads on-disk structures reads them from here and does not know which it is.
///
/// Every method is safe from many threads at once. A source may grow while it is open, as a live image does, but bytes
/// that exist never go away.

#include <memory>
#include <string>
#include <vector>

#include "engine/base/bytes.h"
#include "engine/base/file.h"
#include "engine/image/extent.h"

namespace varve {

/// Distinguishes sources whatever their names are: two sources with the same bytes have equal identities.
struct SourceIdentity {
    FileIdentity file;   ///< the file that all bytes come from; zeros if there is none, or several
    ByteOffset begin;    ///< where offset 0 is in that file
    std::string volume;  ///< for a source that is not one file: a unique name
    friend auto operator<=>(const SourceIdentity&, const SourceIdentity&) = default;
};

class ByteSource {
public:
    virtual ~ByteSource() = default;

    /// The name for messages: "a.qcow2", "disk.ova/disk1.vmdk", "lvm:VG/LV". Untrusted text.
    virtual const std::string& name() const = 0;

    /// Where a byte is, for messages: "'p0.raw' at byte 4096"; for byte 0 possibly the name alone.
    virtual std::string place(ByteOffset at) const = 0;

    /// The current size.
    virtual ByteCount size() const = 0;

    /// Fills `out` or throws: Error(corrupt) for a range that reaches past the end, Error(io) from the medium.
    virtual void read_at(ByteOffset at, ByteSpan out) const = 0;

    /// The run of one kind that begins at `at` (less than the size): never empty, never past the end, not always
    /// maximal. Everything but data reads as zeros. A source without a map reports one run of data.
    virtual Extent extent_at(ByteOffset at) const = 0;

    /// Throws Error(refused) if another process wrote to the medium since the source was opened.
    virtual void check_unchanged() const = 0;

    /// As ImageReader::late_warnings(): what reading has revealed so far about what the bytes come from.
    virtual std::vector<std::string> late_warnings() const = 0;

    virtual SourceIdentity identity() const = 0;

    /// The one file or device that all bytes come from, for questions that only a file can answer (which other process
    /// has it open?); null if there is none.
    virtual const File* file() const = 0;
};

using ByteSourcePtr = std::shared_ptr<const ByteSource>;

/// Reads up to out.size() bytes and returns their number, which is less only at the end of the source.
std::size_t read_some(const ByteSource& source, ByteOffset at, ByteSpan out);

/// "'NAME'" for byte 0, "'NAME' at byte 4096" for any other: the usual ByteSource::place().
std::string place_in(const std::string& name, ByteOffset at);

}  // namespace varve
