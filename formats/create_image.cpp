#include "formats/create_image.h"

#include <fcntl.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/error.h"
#include "formats/creation_options.h"
#include "formats/new_backing.h"
#include "formats/output/output_file.h"
#include "formats/output/output_files.h"
#include "formats/output/output_stream.h"

namespace varve {
namespace {

void check_format(const std::string& format, const FormatList& formats) {
    if (formats.is_written(format)) return;
    throw Error(ErrorCode::unsupported, fmt::format("this version of varve does not write format '{}'; it writes {}",
                                                    format, fmt::join(formats.written(), ", ")));
}

void check_size(const FormatDescriptor& format, const CreateOptions& options) {
    const ByteCount size_max = format.writing->virtual_size_max(options.options);
    if (options.virtual_size.value % format.writing->alignment.value != 0)
        throw Error(ErrorCode::unsupported,
                    fmt::format("a disk of {} bytes does not consist of whole sectors of {} bytes, which {} requires: "
                                "choose raw or qcow2",
                                options.virtual_size.value, format.writing->alignment.value, format.name));
    if (options.virtual_size <= size_max) return;
    throw Error(ErrorCode::unsupported,
                fmt::format("a disk of {} bytes is too large for {}, which holds at most {}: choose qcow2 or raw",
                            options.virtual_size.value, format.name, size_max.value));
}

void check_secret(const CreateOptions& options, const FormatList& formats) {
    const bool is_encrypted = is_encrypted_image(options.format, options.options, formats);
    if (is_encrypted && !options.secret)
        throw Error(ErrorCode::usage,
                    fmt::format("the new image, {}, is to be encrypted: pass --target-secret-file FILE with its "
                                "passphrase or key, or another format (-O raw) for a plain disk",
                                formats.describe(options.format)));
    if (!is_encrypted && options.secret)
        throw Error(
            ErrorCode::usage,
            fmt::format("--target-secret-file is for an encrypted image, and this one, {}, would be plain; pass -O "
                        "luks, or -O qcow2 -o encrypt.format=luks",
                        formats.describe(options.format)));
}

void check_kind_of_target(const std::string& path, const CreateOptions& options, const FormatList& formats) {
    if (options.format == "raw" || options.folder != nullptr) return;
    if (path == "-" && !is_streamed(options.format, options.options, formats))
        throw Error(
            ErrorCode::usage,
            fmt::format("standard output takes raw images, vmdk ones with subformat=streamOptimized and vpc ones "
                        "with subformat=fixed, not {}: pass another format or subformat, or name a file",
                        options.format));
    if (path != "-" && names_block_device(path))
        throw Error(ErrorCode::usage,
                    fmt::format("device '{}' takes raw images only, not {}: pass -O raw, or name a file", path,
                                options.format));
}

std::unique_ptr<Output> open_output(const std::string& path, const CreateOptions& options) {
    const TargetRules rules{options.overwrite, options.forbidden, options.mode};
    if (options.folder != nullptr) return create_output_file(path, rules, options.folder);
    if (path == "-") return output_stream(STDOUT_FILENO, "standard output", rules);
    if (names_block_device(path)) return open_output_device(path, rules, options.device_rest);
    return create_output_file(path, rules);
}

NewImage new_image(const std::string& path, const CreateOptions& options, const FormatList& formats) {
    NewImage image{path, options.virtual_size, options.options, options.secret, {}, {}, {}};
    image.open_output = [&path, &options] { return open_output(path, options); };
    image.open_output_files = [&path, &options](std::vector<std::string> parts) {
        return create_output_files(path, std::move(parts), {options.overwrite, options.forbidden, options.mode},
                                   options.folder);
    };
    image.open_backing = [&path, &formats](const std::string& name, const std::optional<std::string>& format) {
        return open_new_backing(path, name, format, formats);
    };
    return image;
}

}  // namespace

std::unique_ptr<ImageWriter> create_image(const std::string& path, const CreateOptions& options,
                                          const FormatList& formats) {
    check_format(options.format, formats);
    check_creation_options(options.format, options.options, formats);
    check_secret(options, formats);
    check_kind_of_target(path, options, formats);
    const FormatDescriptor& format = formats.at(options.format);
    check_size(format, options);
    return format.writing->create(new_image(path, options, formats));
}

std::vector<std::string> creation_warnings(const std::string& path, const CreateOptions& options,
                                           const FormatList& formats) {
    std::vector<std::string> warnings;
    const FormatDescriptor* format = formats.find(options.format);
    if (format != nullptr && format->writing != nullptr && format->writing->size_warning != nullptr)
        if (auto warning = format->writing->size_warning(options.virtual_size, options.options))
            warnings.push_back(std::move(*warning));
    if (options.folder != nullptr || options.device_rest == DeviceRest::zeroed || !names_block_device(path))
        return warnings;
    const ByteCount device = File::open(path, O_RDONLY | O_NONBLOCK).size();
    if (device > options.virtual_size)
        warnings.push_back(
            fmt::format("'{}' is {} bytes larger than the image; its old bytes from offset {} on stay "
                        "as they are; pass --zero-rest to clear them",
                        path, (device - options.virtual_size).value, options.virtual_size.value));
    return warnings;
}

std::optional<std::string> format_of_extension(std::string_view path, const FormatList& formats) {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return std::nullopt;
    const FormatDescriptor* format = formats.find_extension(name.substr(dot + 1));
    if (format == nullptr) return std::nullopt;
    return std::string(format->name);
}

std::optional<std::string> extension_of_format(std::string_view format, const FormatList& formats) {
    const FormatDescriptor* found = formats.find(format);
    if (found == nullptr || found->extensions.empty()) return std::nullopt;
    return std::string(found->extensions.front());
}

}  // namespace varve
