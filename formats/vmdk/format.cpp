#include "formats/vmdk/format.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/error.h"
#include "formats/output/output_files.h"
#include "formats/vmdk/disk_identity.h"
#include "formats/vmdk/new_extents.h"
#include "formats/vmdk/options.h"
#include "formats/vmdk/reader.h"
#include "formats/vmdk/recorded_name.h"
#include "formats/vmdk/sparse_writer.h"
#include "formats/vmdk/split_writer.h"
#include "formats/vmdk/stream_writer.h"

namespace varve::vmdk {
namespace {

using namespace std::string_view_literals;

/// The titles that VirtualBox accepts, whatever their blanks. VMware's products and qemu take a title for a comment.
bool is_title(std::string_view line) {
    std::string text;
    for (const char c : line.substr(0, 64))
        if (!is_ascii_blank(c)) text += ascii_lower(c);
    return text.starts_with("#diskdescriptorfile");
}

/// A line "version=1", or another of those that come before the list of extents.
bool is_setting(std::string_view line) {
    constexpr std::array keys{"version"sv,         "encoding"sv,   "cid"sv,
                              "parentcid"sv,       "createtype"sv, "parentfilenamehint"sv,
                              "isnativesnapshot"sv};
    const std::string key = ascii_lower(trim(line.substr(0, line.find('='))));
    return std::ranges::find(keys, key) != keys.end();
}

/// A descriptor begins with its title, or, after blank and comment lines, with its settings, one of which is the type.
bool is_descriptor_text(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::string_view whole = text;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trim(text.substr(0, end));
        if (is_title(line)) return true;
        if (!line.empty() && line.front() != '#')
            return is_setting(line) && ascii_lower(whole).find("createtype") != std::string::npos;
        if (end == std::string_view::npos) return false;
        text.remove_prefix(end + 1);
    }
    return false;
}

bool starts_like_vmdk(std::string_view start) {
    return start.starts_with("KDMV"sv) || start.starts_with("COWD"sv) ||
           start.starts_with("\xbe\xba\xfe\xca\0\0\0\0"sv) ||  // seSparse
           is_descriptor_text(start);
}

std::string content_id_text(std::uint32_t id) { return fmt::format("{:08x}", id); }

Layer open_vmdk(ByteSourcePtr source, LayerRequest& request) {
    if (request.snapshot)
        throw Error(ErrorCode::not_found,
                    fmt::format("'{}' is a VMware disk, whose snapshots are separate files: it has no internal "
                                "snapshot '{}'",
                                source->name(), *request.snapshot));
    Reader::Options options{{}, request.warnings};
    options.open_extent = [&](const std::string& name, std::vector<std::string>& warnings) {
        return request.open_extent(name, warnings);
    };
    auto reader = std::make_unique<Reader>(std::move(source), options, request.caches);
    const Descriptor& disk = reader->descriptor();
    Layer layer;
    if (disk.content_id) layer.content_ids.push_back(content_id_text(*disk.content_id));
    if (const auto identity = identity_of(disk)) layer.content_ids.push_back(identity->create.text());
    if (!disk.parent_name.empty()) {
        const std::vector<std::string> names = names_here(disk.parent_name, disk.encoding);
        layer.backing_name = names.front();
        layer.backing_names_elsewhere.assign(names.begin() + 1, names.end());
        layer.backing_format = "vmdk";
        if (disk.parent_content_id.value_or(long_content_id_mark) != long_content_id_mark)
            layer.backing_content_id = content_id_text(*disk.parent_content_id);
    }
    layer.reader = std::move(reader);
    return layer;
}

std::unique_ptr<ImageWriter> create_split(const NewImage& image, const CreationOptions& options,
                                          const std::string& file_name) {
    NewDescriptor disk = describe_files(options, image.virtual_size, file_name);
    std::vector<std::string> parts;
    for (const NewExtent& extent : disk.extents) parts.push_back(extent.file_name);
    auto files = image.open_output_files(std::move(parts));
    return create_split_writer(std::move(files), std::move(disk));
}

std::unique_ptr<ImageWriter> create_vmdk(const NewImage& image) {
    const CreationOptions options = parse_creation_options(image.options);
    const std::string file_name = image.path.substr(image.path.rfind('/') + 1);  // npos + 1 is 0
    if (options.has_data_files()) return create_split(image, options, file_name);
    auto output = image.open_output();
    if (options.is_streamed()) return create_stream_writer(std::move(output), image.virtual_size, options);
    return create_sparse_writer(std::move(output), image.virtual_size, options, file_name);
}

constexpr std::array extensions{"vmdk"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_creation_options(options); },
    .is_streamed = [](const OptionMap& options) { return parse_creation_options(options).is_streamed(); },
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) -> ByteCount { return mib(64ULL << 20); },
    .alignment = {512},
    .size_warning = nullptr,
    .create = create_vmdk,
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "vmdk",
        .noun = "a VMware disk (vmdk)",
        .use = FormatUse::image,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = {},
        .has_magic = starts_like_vmdk,
        .claims = nullptr,
        // Not worth reading the descriptor for a warning.
        .names_another_file = [](const ByteSource&) { return true; },
        .way_out = nullptr,
        .open = open_vmdk,
        .peek_identity = peek_identity,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::vmdk
