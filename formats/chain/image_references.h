#pragma once
/// Where the names inside images lead. Images come from guests and strangers, so each implementation says what may be
/// reached, and nothing else is opened. One thread at a time.

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/base/byte_source.h"

namespace varve {

/// Where an image lies: all that is needed to follow a name in it.
struct ImagePlace {
    std::string shown;   ///< for error texts, escaped
    std::string path;    ///< canonical and absolute; untrusted text
    std::string folder;  ///< canonical; names in the image are relative to it
};

/// What an image names a file as.
enum class ReferenceKind : std::uint8_t { backing_file, data_file, extent, packaged_file };

/// "extent", for error texts.
std::string_view to_string(ReferenceKind kind);

struct ImageFile {
    ByteSourcePtr source;
    ImagePlace place;
    std::vector<std::string> warnings = {};  ///< sentences about how it was opened
};

/// Why `name` is not a path that may be looked up at all ("it is empty"); nothing when it may.
std::optional<std::string_view> why_not_a_path(const std::string& name);

/// "'a.qcow2' names its backing file 'b'", for error texts.
std::string describe_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind);

/// What a search by content came to.
struct FoundFiles {
    std::vector<ImageFile> files;  ///< each once, however many names it has
    std::size_t looked_at = 0;
    bool is_complete = true;  ///< false: there were more files than a search looks at
};

class ImageReferences {
public:
    virtual ~ImageReferences() = default;

    /// Opens the file that `referrer` records as `name`, its `kind` for the error texts. Throws Error(refused) for a
    /// name that may not be followed, Error(not_found | io) otherwise. The sentence says which image names what.
    virtual ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const = 0;

    /// The regular files within reach that `fits` says yes to, for a `referrer` that records no name. Those that end in
    /// one of `endings` come first, in the order of these.
    virtual FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> endings,
                            const std::function<bool(const ByteSourcePtr&)>& fits) const = 0;
};

/// For an image that has no path, such as one that came through a pipe: no file that it names is within reach, and both
/// methods throw Error(refused), always.
class NoReferences final : public ImageReferences {
public:
    ImageFile open_reference(const ImagePlace& referrer, const std::string& name, ReferenceKind kind) const override;
    FoundFiles find(const ImagePlace& referrer, std::span<const std::string_view> endings,
                    const std::function<bool(const ByteSourcePtr&)>& fits) const override;
};

}  // namespace varve
