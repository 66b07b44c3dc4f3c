#include "formats/vmdk/descriptor.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/base/ascii.h"
#include "engine/base/number_text.h"
#include "formats/base/excerpt.h"
#include "formats/vmdk/error.h"

namespace varve::vmdk {
namespace {

constexpr std::size_t extents_max = 65536;
constexpr std::size_t file_name_bytes_read_max = 4096;
constexpr std::uint32_t no_parent = 0xffffffff;

/// Removes the first word, which ends at a blank, from the front of `rest`.
std::string_view take_word(std::string_view& rest) {
    rest = trim(rest);
    const auto end = std::find_if(rest.begin(), rest.end(), is_ascii_blank);
    const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(word.size());
    return word;
}

struct CreateType {
    std::string_view in_lower_case;
    std::string_view name;
    bool is_read = true;
};

constexpr std::array create_types{
    CreateType{"monolithicsparse", "monolithicSparse"},
    CreateType{"monolithicflat", "monolithicFlat"},
    CreateType{"twogbmaxextentsparse", "twoGbMaxExtentSparse"},
    CreateType{"2gbmaxextentsparse", "twoGbMaxExtentSparse"},
    CreateType{"twogbmaxextentflat", "twoGbMaxExtentFlat"},
    CreateType{"2gbmaxextentflat", "twoGbMaxExtentFlat"},
    CreateType{"streamoptimized", "streamOptimized"},
    CreateType{"vmfs", "vmfs"},
    CreateType{"vmfsthin", "vmfsThin"},
    CreateType{"vmfspreallocated", "vmfsPreallocated"},
    CreateType{"vmfseagerzeroedthick", "vmfsEagerZeroedThick"},
    CreateType{"vmfssparse", "vmfsSparse"},
    CreateType{"sesparse", "seSparse"},
    CreateType{"custom", "custom"},
    CreateType{"vsansparse", "vsanSparse", false},
    CreateType{"vmfsrdm", "vmfsRDM", false},
    CreateType{"vmfsrdmp", "vmfsRDMP", false},
    CreateType{"vmfsrawdevicemap", "vmfsRawDeviceMap", false},
    CreateType{"vmfspassthroughrawdevicemap", "vmfsPassthroughRawDeviceMap", false},
    CreateType{"vmfsraw", "vmfsRaw", false},
    CreateType{"fulldevice", "fullDevice"},
    CreateType{"partitioneddevice", "partitionedDevice"},
};

struct StorageWord {
    std::string_view in_lower_case;
    ExtentStorage storage;
};

constexpr std::array storage_words{
    StorageWord{"flat", ExtentStorage::flat},       StorageWord{"vmfs", ExtentStorage::flat},
    StorageWord{"sparse", ExtentStorage::sparse},   StorageWord{"vmfssparse", ExtentStorage::sparse},
    StorageWord{"sesparse", ExtentStorage::sparse}, StorageWord{"zero", ExtentStorage::zero},
};

std::optional<ExtentAccess> access_of(std::string_view word) {
    if (word == "rw") return ExtentAccess::read_write;
    if (word == "rdonly") return ExtentAccess::read_only;
    if (word == "noaccess") return ExtentAccess::no_access;
    return std::nullopt;
}

/// Parses one text, line by line. For one use.
class DescriptorParser {
public:
    DescriptorParser(std::string_view text, const std::string& where) : text_(text), where_(where) {}

    Descriptor parse() {
        check_text();
        while (!text_.empty()) {
            const std::size_t end = text_.find('\n');
            ++line_;
            parse_line(trim(text_.substr(0, end)));
            text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
        }
        line_ = 0;
        take_create_type();
        take_content_ids();
        result_.encoding = trim(value("encoding").value_or(""));
        refuse_foreign_data();
        refuse_devices();
        return std::move(result_);
    }

private:
    void check_text();
    void parse_line(std::string_view line);
    void parse_extent(ExtentAccess access, std::string_view rest);
    void parse_file(ExtentLine& extent, std::string_view rest);
    void parse_key(std::string_view key, std::string_view value);
    void take_create_type();
    void take_content_ids();
    void refuse_foreign_data() const;
    void refuse_devices() const;
    std::optional<std::uint32_t> content_id(const std::string& key) const;
    std::optional<std::string> value(const std::string& key) const;

    std::string place() const {
        return line_ == 0 ? fmt::format("descriptor of {}", where_)
                          : fmt::format("descriptor of {}, line {}", where_, line_);
    }
    [[noreturn]] void fail(std::string_view what) const { throw corrupt(place(), what); }

    std::string_view text_;
    const std::string& where_;
    std::uint32_t line_ = 0;
    std::map<std::string, std::string> values_;  // keys in lower case
    Descriptor result_;
};

void DescriptorParser::check_text() {
    if (text_.size() > descriptor_bytes_max)
        fail(fmt::format("expected at most {} bytes, found {}", descriptor_bytes_max, text_.size()));
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")) throw unsupported(place(), "text in UTF-16");
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
    text_ = text_.substr(0, text_.find('\0'));
}

void DescriptorParser::parse_line(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    std::string_view rest = line;
    if (const auto access = access_of(ascii_lower(take_word(rest)))) return parse_extent(*access, rest);
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos)
        fail(fmt::format("expected an extent (RW, RDONLY or NOACCESS) or 'key=value', found '{}'", excerpt(line)));
    parse_key(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
}

void DescriptorParser::parse_extent(ExtentAccess access, std::string_view rest) {
    if (result_.extents.size() == extents_max) fail(fmt::format("expected at most {} extents", extents_max));
    ExtentLine extent;
    extent.line = line_;
    extent.access = access;
    const std::string_view count = take_word(rest);
    const auto sectors = parse_number<std::uint64_t>(count);
    if (!sectors || *sectors > disk_sectors_max - result_.size.value / sector_bytes)
        fail(fmt::format("expected the extent's number of sectors, at most {} in all, found '{}'", disk_sectors_max,
                         excerpt(count)));
    extent.length = ByteCount{*sectors * sector_bytes};
    const std::string_view type = take_word(rest);
    const auto* word = std::ranges::find(storage_words, ascii_lower(type), &StorageWord::in_lower_case);
    if (word == storage_words.end()) throw unsupported(place(), fmt::format("an extent of type '{}'", excerpt(type)));
    extent.storage = word->storage;
    if (extent.storage != ExtentStorage::zero) parse_file(extent, trim(rest));
    result_.size += extent.length;
    result_.extents.push_back(std::move(extent));
}

/// "file" OFFSET, and further fields for devices.
void DescriptorParser::parse_file(ExtentLine& extent, std::string_view rest) {
    const bool is_needed = extent.access != ExtentAccess::no_access;
    if (rest.empty() && !is_needed) return;
    const std::size_t end = rest.size() > 1 && rest.front() == '"' ? rest.find('"', 1) : std::string_view::npos;
    if (end == std::string_view::npos) fail(fmt::format("expected the extent's \"file\", found '{}'", excerpt(rest)));
    extent.file = rest.substr(1, end - 1);
    if (extent.file.size() > file_name_bytes_read_max || (extent.file.empty() && is_needed))
        fail(fmt::format("expected a name of 1 to {} bytes, found {}", file_name_bytes_read_max, extent.file.size()));
    rest.remove_prefix(end + 1);
    const std::string_view offset = take_word(rest);
    if (extent.storage != ExtentStorage::flat || offset.empty()) return;  // VMFS extents have no offset
    const auto sectors = parse_number<std::uint64_t>(offset);
    if (!sectors || *sectors > disk_sectors_max)
        fail(fmt::format("expected the offset in the extent's file in sectors, found '{}'", excerpt(offset)));
    extent.file_begin = ByteOffset{*sectors * sector_bytes};
}

void DescriptorParser::parse_key(std::string_view key, std::string_view value) {
    constexpr std::string_view data_base = "ddb.";
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    const std::string name = ascii_lower(key);
    if (name.starts_with(data_base)) {
        result_.data_base.emplace(name.substr(data_base.size()), value);
        return;
    }
    const auto [known, is_new] = values_.emplace(name, value);
    if (!is_new && known->second != value)
        fail(fmt::format("expected '{}' once, found '{}' after '{}'", excerpt(key), excerpt(value),
                         excerpt(known->second)));
}

std::optional<std::string> DescriptorParser::value(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::nullopt : std::optional(found->second);
}

void DescriptorParser::take_create_type() {
    const auto type = value("createtype");
    if (!type) fail("expected createType, found none");
    const std::string name = ascii_lower(trim(*type));
    const auto* known = std::ranges::find(create_types, std::string_view(name), &CreateType::in_lower_case);
    if (known == create_types.end() || !known->is_read)
        throw unsupported(place(), fmt::format("createType '{}'", excerpt(*type)));
    result_.create_type = known->name;
}

std::optional<std::uint32_t> DescriptorParser::content_id(const std::string& key) const {
    const auto text = value(key);
    if (!text) return std::nullopt;
    const auto id = parse_number<std::uint32_t>(trim(*text), 16);
    if (!id) fail(fmt::format("expected {} as up to 8 hexadecimal digits, found '{}'", key, excerpt(*text)));
    return id;
}

void DescriptorParser::take_content_ids() {
    result_.content_id = content_id("cid");
    const auto parent = content_id("parentcid");
    if (!parent) fail("expected parentCID, which shows whether the disk has a parent, found none");
    result_.parent_name = trim(value("parentfilenamehint").value_or(""));
    if (result_.parent_name.size() > file_name_bytes_read_max || result_.parent_name.find('\0') != std::string::npos)
        fail(fmt::format("expected parentFileNameHint of at most {} bytes, found {}", file_name_bytes_read_max,
                         result_.parent_name.size()));
    if (*parent != no_parent && result_.parent_name.empty())
        fail(fmt::format("parentCID is {:08x}, so the disk has a parent, but parentFileNameHint does not name it",
                         *parent));
    if (*parent == no_parent && !result_.parent_name.empty())
        fail(fmt::format("parentCID is ffffffff, so the disk has no parent, but parentFileNameHint names '{}'",
                         excerpt(result_.parent_name)));
    if (*parent != no_parent) result_.parent_content_id = parent;
}

/// Data that the extents do not hold as plain bytes.
void DescriptorParser::refuse_foreign_data() const {
    if (ascii_lower(value("isnativesnapshot").value_or("no")) == "yes")
        throw unsupported(place(), "a snapshot kept by the storage array (isNativeSnapshot)");
    const auto key = values_.lower_bound("encryption");
    if (key != values_.end() && key->first.starts_with("encryption"))
        throw unsupported(place(), fmt::format("an encrypted disk ('{}')", excerpt(key->first)));
}

/// Extents on a device of the host: its bytes are not in any file beside the descriptor.
void DescriptorParser::refuse_devices() const {
    for (const ExtentLine& extent : result_.extents)
        if (extent.file.starts_with("/dev/") || extent.file.starts_with("\\\\.\\"))
            throw unsupported(fmt::format("descriptor of {}, line {}", where_, extent.line),
                              fmt::format("an extent on the device '{}' (createType '{}')", excerpt(extent.file),
                                          result_.create_type));
}

}  // namespace

std::optional<std::string> Descriptor::fact(const std::string& key) const {
    const auto found = data_base.find(key);
    return found == data_base.end() ? std::nullopt : std::optional(found->second);
}

Descriptor parse_descriptor(std::string_view text, const std::string& where) {
    return DescriptorParser(text, where).parse();
}

}  // namespace varve::vmdk
