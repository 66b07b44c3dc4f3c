#pragma once
/// Everything that varve knows about one disk image format. Each format folder has a descriptor, and
/// formats/registry.cpp lists them; a new format changes nothing else. Plain values that live as long as the program.
///
/// No field has a default: a descriptor that leaves one out does not compile (-Werror=missing-field-initializers).

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/change/change_map.h"
#include "engine/image/image_reader.h"
#include "engine/image/image_writer.h"
#include "formats/base/byte_source.h"
#include "formats/base/layer.h"
#include "formats/base/option_words.h"
#include "formats/base/uuid.h"

namespace varve {

class Output;
class OutputFiles;

namespace crypt {
class SecretFile;
}

/// The backing image of a new image.
struct NewBacking {
    std::unique_ptr<ImageReader> reader;  ///< its whole chain as one disk
    std::string format;                   ///< for the new image to record
};

/// An image to be created, with everything that its format may need. The functions are valid during the call.
struct NewImage {
    std::string path;  ///< as typed by the user; may be "-"
    ByteCount virtual_size;
    OptionMap options;  ///< accepted by FormatWriting::check
    /// Encrypts the image; present exactly if FormatWriting::is_encrypted says that it is encrypted.
    std::shared_ptr<const crypt::SecretFile> secret;
    std::function<std::unique_ptr<Output>()> open_output;
    /// For an image of several files: the data files beside the one at `path`.
    std::function<std::unique_ptr<OutputFiles>(std::vector<std::string> parts)> open_output_files;
    std::function<NewBacking(const std::string& name, const std::optional<std::string>& format)> open_backing;
};

/// How images of a format are created.
struct FormatWriting {
    std::vector<OptionWord> (*option_words)();  ///< in the order of the help
    void (*check)(const OptionMap& options);    ///< throws Error(usage) for options that the format does not have
    /// Whether an image with these options is written strictly from its first byte to its last. Null: none is.
    bool (*is_streamed)(const OptionMap& options);
    /// Whether an image with these options is encrypted, so that creating it takes a secret. Null: none is.
    bool (*is_encrypted)(const OptionMap& options);
    ByteCount (*virtual_size_max)(const OptionMap& options);  ///< a larger disk is refused before the target is opened
    ByteCount alignment;                                      ///< a virtual size is a multiple of it
    /// A sentence about a disk of this size that another program reads differently from such an image. Null: there is
    /// none of any size.
    std::optional<std::string> (*size_warning)(ByteCount virtual_size, const OptionMap& options);
    std::unique_ptr<ImageWriter> (*create)(const NewImage& image);
};

/// What varve does with files of a format.
enum class FormatUse : std::uint8_t {
    image,    ///< reads them, as a named image and as a backing file
    package,  ///< reads the images in them (formats/open_image.cpp)
    unread,   ///< refuses them by name
};

struct FormatDescriptor {
    std::string_view name;  ///< qemu-img's word where it has one; also what snapshots record
    std::string_view noun;  ///< "a VMware disk (vmdk)", for messages
    FormatUse use;
    /// Whether a guest may use its whole disk in this format, so that such bytes in a logical volume or from a pipe are
    /// ordinary data.
    bool may_be_guest_data;
    /// File extensions without the dot, in lower case. A new image gets the first; a target with any of them is written
    /// in this format.
    std::span<const std::string_view> extensions;
    /// Other common extensions of such files; a target's format is not derived from them.
    std::span<const std::string_view> other_extensions;
    /// Whether a file that begins with `start` (up to 4 KiB) has this format. If two formats claim the same bytes, the
    /// earlier one in the list wins.
    bool (*has_magic)(std::string_view start);
    /// Called only if no format has its magic there, to examine more than the first bytes. Null: nothing to examine.
    bool (*claims)(const ByteSource& source, std::string_view start);
    /// Whether the header names another file (a backing file, a data file, extents). Null: never.
    bool (*names_another_file)(const ByteSource& source);
    /// For a format that is refused: advice for the user, which completes the message. Null: to read it as raw.
    std::string (*way_out)(const std::string& path);
    /// Opens one file of a chain. Throws Error(not_found) for an internal snapshot that it does not have, and what the
    /// reader throws. Null unless `use` is image.
    Layer (*open)(ByteSourcePtr source, LayerRequest& request);
    /// The UUIDs by which VirtualBox identifies the image in `source`, which may have any format; nothing if it has
    /// none. Null: the format does not record them.
    std::optional<DiskIdentity> (*peek_identity)(const ByteSourcePtr& source);
    /// What may differ between two states in the file, each an internal snapshot or the active state (no name). Null:
    /// the format has no states to compare.
    std::unique_ptr<ChangeMap> (*changes_between_states)(ByteSourcePtr source, const std::optional<std::string>& before,
                                                         const std::optional<std::string>& now);
    const FormatWriting* writing;  ///< null: not written
};

/// For FormatDescriptor::has_magic of a magic at a fixed place.
inline bool has_bytes_at(std::string_view start, std::size_t at, std::string_view bytes) {
    return start.size() >= at && start.substr(at).starts_with(bytes);
}

}  // namespace varve
