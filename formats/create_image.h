#pragma once
/// Starts a new image at a path the user named: picks the format's writer and the kind of output behind it, and refuses
/// what would destroy something before a byte is written. See output_file.h, output_device.h and output_stream.h for
/// what is safe from what.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"
#include "engine/image/image_writer.h"
#include "formats/base/option_words.h"
#include "formats/guard/target_rules.h"
#include "formats/registry.h"

namespace varve {

struct CreateOptions {
    std::string format;  ///< one of written_formats() (creation_options.h)
    ByteCount virtual_size;
    Overwrite overwrite = Overwrite::refuse;
    /// Media never overwritten, by medium_identity() of target_rules.h.
    std::vector<FileIdentity> forbidden = {};
    /// Creation options in qemu-img's words, e.g. {"cluster_size", "2M"}; creation_options.h tells which there are.
    OptionMap options = {};
    /// Where the last part of `path` is a file's name, whatever leads there by then; null: in the folder that `path`
    /// names. Open during the call. With it `path` is never a stream or a device.
    const File* folder = nullptr;
};

/// Opens `path` for writing; "-" is standard output, an existing block device is written onto. Throws
/// Error(unsupported) for a format or a size that is not written, Error(refused) for a target that may not be (see
/// above), Error(usage) for creation options that the format does not take, for a format other than raw on a device,
/// and for an image on a stream that is not written from its first byte to its last (is_streamed() of
/// creation_options.h).
std::unique_ptr<ImageWriter> create_image(const std::string& path, const CreateOptions& options,
                                          const FormatList& formats = format_registry());

/// The format that the last ending of the file name stands for, whatever its case; nothing if it stands for none.
/// Endings of formats that are not written yet are known too, so that create_image refuses them by name.
std::optional<std::string> format_of_ending(std::string_view path, const FormatList& formats = format_registry());

/// The usual ending, without a dot, of a file in `format`; nothing for an unknown word.
std::optional<std::string> ending_of_format(std::string_view format, const FormatList& formats = format_registry());

}  // namespace varve
