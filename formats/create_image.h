#pragma once
/// Starts a new image at a path that the user named: chooses the format's writer and the kind of output, and refuses
/// before any byte is written what would destroy something. output_file.h, output_device.h and output_stream.h describe
/// what is protected from what.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"
#include "engine/image/image_writer.h"
#include "formats/base/option_words.h"
#include "formats/crypt/secret_file.h"
#include "formats/guard/target_rules.h"
#include "formats/output/output_device.h"
#include "formats/registry.h"

namespace varve {

struct CreateOptions {
    std::string format;  ///< one of written_formats() (creation_options.h)
    ByteCount virtual_size;
    Overwrite overwrite = Overwrite::refuse;
    /// Media never overwritten, by medium_identity() of target_rules.h.
    std::vector<FileIdentity> forbidden = {};
    /// Creation options in qemu-img's words, e.g. {"cluster_size", "2M"}; creation_options.h lists them.
    OptionMap options = {};
    /// The open folder for the file that the last part of `path` names, wherever `path` leads by then; null: the folder
    /// in `path`. With it `path` is never a stream or a device.
    const File* folder = nullptr;
    DeviceRest device_rest = DeviceRest::kept;
    /// Encrypts the image, which its options must ask for.
    crypt::Secret secret = {};
    /// Permissions of a new file, as in TargetRules.
    std::optional<mode_t> mode = {};
};

/// Opens `path` for writing; "-" is standard output, an existing block device is overwritten. Throws Error(unsupported)
/// for a format or a size that is not written, Error(refused) for a target that may not be overwritten (see above),
/// Error(usage) for creation options that the format does not have, for an encrypted image without a secret and a
/// secret without an encrypted image, for a format other than raw on a device, and for an image on a stream that is not
/// written from its first byte to its last (is_streamed() of creation_options.h).
std::unique_ptr<ImageWriter> create_image(const std::string& path, const CreateOptions& options,
                                          const FormatList& formats = format_registry());

/// What to tell the user about an image with these options before it is created: a size that another program reads
/// differently, old bytes that stay behind the end of an image on a larger device.
std::vector<std::string> creation_warnings(const std::string& path, const CreateOptions& options,
                                           const FormatList& formats = format_registry());

/// The format of the file name's last extension, in either case; nothing for an unknown one. The extensions of formats
/// that are not written yet are known too, so that create_image refuses them by name.
std::optional<std::string> format_of_extension(std::string_view path, const FormatList& formats = format_registry());

/// The usual extension, without the dot, of a file in `format`; nothing for an unknown format.
std::optional<std::string> extension_of_format(std::string_view format, const FormatList& formats = format_registry());

}  // namespace varve
