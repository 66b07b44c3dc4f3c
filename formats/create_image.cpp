#include "formats/create_image.h"

#include <unistd.h>
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/base/ascii.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "formats/appliance/member_names.h"
#include "formats/appliance/ova_writer.h"
#include "formats/creation_options.h"
#include "formats/new_backing.h"
#include "formats/output/output_device.h"
#include "formats/output/output_file.h"
#include "formats/output/output_files.h"
#include "formats/output/output_stream.h"
#include "formats/output/overlay_writer.h"
#include "formats/output/preallocated_output.h"
#include "formats/qcow2/writer.h"
#include "formats/raw/options.h"
#include "formats/raw/writer.h"
#include "formats/vdi/options.h"
#include "formats/vdi/writer.h"
#include "formats/vmdk/new_extents.h"
#include "formats/vmdk/options.h"
#include "formats/vmdk/sparse_writer.h"
#include "formats/vmdk/split_writer.h"
#include "formats/vmdk/stream_writer.h"

namespace varve {
namespace {

constexpr std::uint64_t raw_size_max = std::numeric_limits<std::int64_t>::max();  // off_t

struct Ending {
    std::string_view ending;
    std::string_view format;
};

constexpr std::array endings{
    Ending{"raw", "raw"}, Ending{"img", "raw"},   Ending{"qcow2", "qcow2"},   Ending{"qcow", "qcow"},
    Ending{"qed", "qed"}, Ending{"vmdk", "vmdk"}, Ending{"vdi", "vdi"},       Ending{"vhd", "vpc"},
    Ending{"vpc", "vpc"}, Ending{"vhdx", "vhdx"}, Ending{"hdd", "parallels"}, Ending{"hds", "parallels"},
    Ending{"ova", "ova"}, Ending{"cow", "cow"},   Ending{"avhdx", "vhdx"},
};

void check_format(const std::string& format) {
    if (is_written(format)) return;
    throw Error(ErrorCode::unsupported, fmt::format("images of format '{}' are not written; what is written today: {}",
                                                    format, fmt::join(written_formats(), ", ")));
}

void check_raw_size(ByteCount virtual_size) {
    if (virtual_size.value <= raw_size_max) return;
    throw Error(ErrorCode::unsupported,
                fmt::format("a disk of {} bytes is too large for a raw image, which holds at most {}",
                            virtual_size.value, raw_size_max));
}

void check_kind_of_target(const std::string& path, const CreateOptions& options) {
    if (options.format == "raw" || options.folder != nullptr) return;
    if (path == "-" && !is_streamed(options.format, options.options))
        throw Error(ErrorCode::usage,
                    fmt::format("standard output takes raw images, and vmdk ones with subformat=streamOptimized, not "
                                "{}: say another format or subformat, or name a file",
                                options.format));
    if (path != "-" && names_block_device(path))
        throw Error(ErrorCode::usage,
                    fmt::format("device '{}' takes raw images only, not {}: pass --format raw, or name a file", path,
                                options.format));
}

std::unique_ptr<Output> open_output(const std::string& path, const CreateOptions& options) {
    const TargetRules rules{options.overwrite, options.forbidden};
    if (options.folder != nullptr) return create_output_file(path, rules, options.folder);
    if (path == "-") return output_stream(STDOUT_FILENO, "standard output", rules);
    if (names_block_device(path)) return open_output_device(path, rules);
    return create_output_file(path, rules);
}

std::unique_ptr<ImageWriter> create_raw(const std::string& path, const CreateOptions& options) {
    const raw::Options raw = raw::parse_options(options.options);
    auto output = preallocated(open_output(path, options), raw.preallocation, options.virtual_size);
    return raw::create_writer(std::move(output), options.virtual_size);
}

std::unique_ptr<ImageWriter> create_qcow2(const std::string& path, const CreateOptions& options) {
    qcow2::CreationOptions kind = qcow2::parse_options(options.options);
    std::optional<NewBacking> backing;
    if (kind.backing_file) {
        backing = open_new_backing(path, *kind.backing_file, kind.backing_format);
        kind.backing_format = backing->format;
    }
    auto output = preallocated(open_output(path, options), kind.preallocation, options.virtual_size);
    auto writer = qcow2::create_writer(std::move(output), options.virtual_size, kind);
    if (!backing) return writer;
    return write_over(std::move(backing->reader), std::move(writer), options.virtual_size, kind.unit());
}

std::unique_ptr<ImageWriter> create_vdi(const std::string& path, const CreateOptions& options) {
    const vdi::CreationOptions kind = vdi::parse_options(options.options);
    return vdi::create_writer(open_output(path, options), options.virtual_size, kind);
}

std::unique_ptr<ImageWriter> create_vmdk_files(const std::string& path, const CreateOptions& options,
                                               const vmdk::CreationOptions& vmdk, const std::string& file_name) {
    vmdk::NewDescriptor disk = vmdk::describe_files(vmdk, options.virtual_size, file_name);
    std::vector<std::string> parts;
    for (const vmdk::NewExtent& extent : disk.extents) parts.push_back(extent.file_name);
    auto files = create_output_files(path, std::move(parts), {options.overwrite, options.forbidden}, options.folder);
    return vmdk::create_split_writer(std::move(files), std::move(disk));
}

std::unique_ptr<ImageWriter> create_vmdk(const std::string& path, const CreateOptions& options) {
    const vmdk::CreationOptions vmdk = vmdk::parse_creation_options(options.options);
    const std::string file_name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    if (vmdk.has_data_files()) return create_vmdk_files(path, options, vmdk, file_name);
    auto output = open_output(path, options);
    if (vmdk.is_streamed()) return vmdk::create_stream_writer(std::move(output), options.virtual_size, vmdk);
    return vmdk::create_sparse_writer(std::move(output), options.virtual_size, vmdk, file_name);
}

std::unique_ptr<ImageWriter> create_ova(const std::string& path, const CreateOptions& options) {
    appliance::PackagePlan plan(std::string(appliance::stem_of(path)), {{options.virtual_size, {}}},
                                appliance::parse_creation_options(options.options));
    return appliance::create_writer(open_output(path, options), std::move(plan));
}

struct Creator {
    std::string_view format;
    std::unique_ptr<ImageWriter> (*create)(const std::string& path, const CreateOptions& options);
};

constexpr std::array creators{
    Creator{"raw", create_raw},   Creator{"qcow2", create_qcow2}, Creator{"vdi", create_vdi},
    Creator{"vmdk", create_vmdk}, Creator{"ova", create_ova},
};

}  // namespace

std::unique_ptr<ImageWriter> create_image(const std::string& path, const CreateOptions& options) {
    check_format(options.format);
    check_creation_options(options.format, options.options);
    check_kind_of_target(path, options);
    check_raw_size(options.virtual_size);
    const auto* creator = std::ranges::find(creators, options.format, &Creator::format);
    VARVE_CHECK(creator != creators.end());  // each format with creation options has one
    return creator->create(path, options);
}

std::optional<std::string> format_of_ending(std::string_view path) {
    const std::string_view name = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return std::nullopt;
    const std::string ending = ascii_lower(name.substr(dot + 1));
    const auto* known = std::ranges::find(endings, ending, &Ending::ending);
    if (known == endings.end()) return std::nullopt;
    return std::string(known->format);
}

std::optional<std::string> ending_of_format(std::string_view format) {
    const auto* first = std::ranges::find(endings, format, &Ending::format);
    if (first == endings.end()) return std::nullopt;
    return std::string(first->ending);
}

}  // namespace varve
