#include "formats/appliance/format.h"

#include <algorithm>
#include <array>
#include <limits>

#include "engine/base/ascii.h"
#include "engine/base/error.h"
#include "formats/appliance/member_names.h"
#include "formats/appliance/options.h"
#include "formats/appliance/ova_writer.h"
#include "formats/tar/archive_reader.h"

namespace varve::appliance {
namespace {

using namespace std::string_view_literals;

bool is_named_descriptor(std::string_view name) { return name.size() > 4 && ends_ignoring_case(name, ".ovf"); }

/// A tar archive with an OVF descriptor, usually its first member. A file that only begins like an archive is a disk.
bool is_archive(const ByteSource& source, std::string_view start) {
    try {
        if (!tar::is_tar(source)) return false;
        const std::string_view field = start.substr(0, 100);
        if (is_named_descriptor(field.substr(0, field.find('\0')))) return true;
        const std::vector<tar::Member> members = tar::read_members(source);
        return std::ranges::any_of(members, is_named_descriptor, &tar::Member::name);
    } catch (const Error&) {
        return false;
    }
}

/// XML whose root is an OVF envelope of any version.
bool is_descriptor(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == text.npos || text[begin] != '<') return false;
    return text.find("Envelope") != text.npos && text.find("/ovf/") != text.npos;
}

constexpr std::array extensions{"ova"sv};
constexpr std::array other_extensions{"ovf"sv};

constexpr FormatWriting writing{
    .option_words = option_words,
    .check = [](const OptionMap& options) { parse_creation_options(options); },
    .is_streamed = nullptr,
    .is_encrypted = nullptr,
    .virtual_size_max = [](const OptionMap&) -> ByteCount { return mib(64ULL << 20); },  // as its VMDK image
    .alignment = {512},
    .size_warning = nullptr,
    .create = [](const NewImage& image) -> std::unique_ptr<ImageWriter> {
        PackagePlan plan(std::string(stem_of(image.path)), {{image.virtual_size, {}}},
                         parse_creation_options(image.options));
        return create_writer(image.open_output(), std::move(plan));
    },
};

}  // namespace

const FormatDescriptor& descriptor() {
    static constexpr FormatDescriptor format{
        .name = "ova",
        .noun = "an appliance (ova, ovf)",
        .use = FormatUse::package,
        .may_be_guest_data = false,
        .extensions = extensions,
        .other_extensions = other_extensions,
        .has_magic = [](std::string_view) { return false; },
        .claims = [](const ByteSource& source,
                     std::string_view start) { return is_archive(source, start) || is_descriptor(start); },
        .names_another_file = nullptr,
        .way_out = nullptr,
        .open = nullptr,
        .peek_identity = nullptr,
        .changes_between_states = nullptr,
        .writing = &writing,
    };
    return format;
}

}  // namespace varve::appliance
