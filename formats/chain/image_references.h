#pragma once
/// Where the names inside images lead. Images come from guests and strangers, so each implementation defines what may
/// be opened, and nothing else is. One thread at a time.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve {

/// Where an image is: everything needed to follow a name in it. Untrusted text.
struct ImagePlace {
    std::string name;    ///< for messages, like ByteSource::name()
    std::string path;    ///< canonical and absolute
    std::string folder;  ///< canonical; names in the image are relative to it
};

/// What the file is to the image that names it.
enum class ReferenceKind : std::uint8_t { backing_file, data_file, extent, packaged_file };

/// "extent", for error texts.
std::string_view to_string(ReferenceKind kind);

struct ImageFile {
    ByteSourcePtr source;
    ImagePlace place;
    std::vector<std::string> warnings = {};  ///< sentences about how it was opened
};

/// "'a.qcow2' names its backing file 'b'", for error texts.
std::string describe_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind);

/// The result of a search by content.
struct FoundFiles {
    std::vector<ImageFile> files;  ///< each once, however many names it has
    std::size_t looked_at = 0;
    bool is_complete = true;  ///< false: there were more files than a search examines
};

class ImageReferences {
public:
    virtual ~ImageReferences() = default;

    /// Opens the file that `referrer` records as `name`; `kind` is for error texts. Throws Error(refused) for a name
    /// that may not be followed, Error(not_found | io) otherwise. The message states which image names what.
    virtual ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const = 0;

    /// The regular files within reach for which `fits` is true, for a `referrer` that records no name. Files with one
    /// of `extensions` (lower case: ".vdi") are examined first, in the order of the extensions.
    virtual FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                            const std::function<bool(const ByteSourcePtr&)>& fits) const = 0;

    /// The names of the regular files beside `referrer`, as open_reference() takes them: those in its folder, or in its
    /// whole archive, links included. Nothing is opened. Untrusted text.
    virtual std::vector<std::string> names_beside(const ImagePlace& referrer) const = 0;
};

/// For an image without a path, such as one read from a pipe: no file that it names is within reach, and every attempt
/// throws Error(refused).
class NoReferences final : public ImageReferences {
public:
    ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const override;
    FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> extensions,
                    const std::function<bool(const ByteSourcePtr&)>& fits) const override;
    std::vector<std::string> names_beside(const ImagePlace&) const override { return {}; }
};

}  // namespace varve
