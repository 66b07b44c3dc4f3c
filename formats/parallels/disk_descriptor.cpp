#include "formats/parallels/disk_descriptor.h"

#include <algorithm>
#include <limits>
#include <new>
#include <set>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "engine/base/ascii.h"
#include "engine/base/number_text.h"
#include "formats/base/excerpt.h"

namespace varve::parallels {
namespace {

constexpr std::uint64_t text_bytes_max = std::uint64_t{4} << 20;
/// Keeps the parsed tree to a few times the text's size.
constexpr std::ptrdiff_t tags_max = 1 << 18;
constexpr std::size_t storages_max = 16384;
constexpr std::size_t name_bytes_max = 4096;
constexpr std::uint64_t sector_bytes = 512;
constexpr std::uint64_t sectors_max = std::numeric_limits<std::int64_t>::max() / sector_bytes;

/// The current state has it unless the descriptor names another one.
constexpr std::string_view usual_top = "5fbaabe3-6958-40ff-92a7-860e329aab41";

/// Parses one text. For one use.
class DescriptorParser {
public:
    explicit DescriptorParser(const std::string& where) : where_(where) {}

    DiskDescriptor parse(ByteView xml) {
        load(xml);
        const pugi::xml_node root = find_root();
        take_parameters(child(root, "Disk_Parameters"));
        take_storages(child(root, "StorageData"));
        take_shots(root.child("Snapshots"));
        return std::move(disk_);
    }

private:
    void load(ByteView xml);
    pugi::xml_node find_root() const;
    void take_parameters(const pugi::xml_node& node);
    void take_storages(const pugi::xml_node& node);
    Storage storage_in(const pugi::xml_node& node) const;
    DescribedImage image_in(const pugi::xml_node& node) const;
    void check_order(const pugi::xml_node& node);
    void take_shots(const pugi::xml_node& node);
    void choose_top(const pugi::xml_node& node);
    std::vector<Uuid> leaves() const;

    pugi::xml_node child(const pugi::xml_node& node, const char* name) const;
    std::string_view text(const pugi::xml_node& node, const char* name) const;
    ByteCount sectors(const pugi::xml_node& node, const char* name) const;
    Uuid guid(const pugi::xml_node& node, const char* name) const;
    void expect_value(const pugi::xml_node& node, const char* name, std::string_view usual) const;

    [[noreturn]] void fail(std::string_view what) const { throw corrupt_descriptor(where_, what); }
    [[noreturn]] void fail(const pugi::xml_node& node, std::string_view what) const {
        fail(fmt::format("byte {}, element '{}': {}", node.offset_debug(), excerpt(node.name()), what));
    }

    const std::string& where_;
    pugi::xml_document document_;
    DiskDescriptor disk_;
};

void DescriptorParser::load(ByteView xml) {
    const auto refuse = [&](std::string_view what) {
        throw Error(ErrorCode::refused, fmt::format("{}: {}", where_, what));
    };
    if (std::ranges::count(xml, std::byte{'<'}) > tags_max)
        refuse(fmt::format("expected at most {} tags, as no descriptor of a disk has more", tags_max));
    if (text_of(xml).find('\0') != std::string_view::npos) fail("expected XML, found a NUL");
    const unsigned options = pugi::parse_default | pugi::parse_doctype;
    const pugi::xml_parse_result result = document_.load_buffer(xml.data(), xml.size(), options);
    if (result.status == pugi::status_out_of_memory) throw std::bad_alloc();
    const auto is_type = [](const pugi::xml_node& node) { return node.type() == pugi::node_doctype; };
    if (result.status == pugi::status_bad_doctype || document_.find_child(is_type))
        refuse(
            "it has a document type (DOCTYPE), which no descriptor of a disk needs and varve does not read; remove it");
    if (!result) fail(fmt::format("expected XML, found at byte {}: {}", result.offset, result.description()));
}

pugi::xml_node DescriptorParser::find_root() const {
    const pugi::xml_node root = document_.child("Parallels_disk_image");
    if (!root) fail("expected the element 'Parallels_disk_image', found none");
    const std::string_view version = root.attribute("Version").value();
    if (version != "1.0")
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: version '{}' of the descriptor, but this version of varve reads only 1.0; convert "
                                "the disk with Parallels' own 'prl_disk_tool' and use the copy",
                                where_, excerpt(version)));
    return root;
}

pugi::xml_node DescriptorParser::child(const pugi::xml_node& node, const char* name) const {
    const pugi::xml_node found = node.child(name);
    if (!found) fail(node, fmt::format("expected an element '{}', found none", name));
    return found;
}

std::string_view DescriptorParser::text(const pugi::xml_node& node, const char* name) const {
    return trim(child(node, name).text().get());
}

ByteCount DescriptorParser::sectors(const pugi::xml_node& node, const char* name) const {
    const std::string_view value = text(node, name);
    const auto number = parse_number<std::uint64_t>(value);
    if (!number || *number > sectors_max)
        fail(child(node, name),
             fmt::format("expected a number of sectors up to {}, found '{}'", sectors_max, excerpt(value)));
    return {*number * sector_bytes};
}

Uuid DescriptorParser::guid(const pugi::xml_node& node, const char* name) const {
    const std::string_view value = text(node, name);
    const auto parsed = parse_uuid(value);
    if (!parsed) fail(child(node, name), fmt::format("expected a GUID, found '{}'", excerpt(value)));
    return *parsed;
}

/// Refuses a setting that changes what the files hold.
void DescriptorParser::expect_value(const pugi::xml_node& node, const char* name, std::string_view usual) const {
    const std::string_view value = trim(node.child(name).text().get());
    if (value.empty() || value == usual) return;
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: byte {}, element '{}': '{}', but this version of varve reads only disks with {}; "
                            "convert the disk with Parallels' own 'prl_disk_tool' and use the copy",
                            where_, node.child(name).offset_debug(), name, excerpt(value), usual));
}

void DescriptorParser::take_parameters(const pugi::xml_node& node) {
    disk_.size = sectors(node, "Disk_size");
    expect_value(node, "Padding", "0");
    expect_value(node, "LogicSectorSize", "512");
    const std::string_view engine = trim(node.child("Encryption").child("Engine").text().get());
    const auto id = parse_uuid(engine);
    if (!engine.empty() && (!id || !id->is_null()))
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: the disk is encrypted (by '{}'), which this version of varve does not read; turn "
                                "off its encryption in Parallels",
                                where_, excerpt(engine)));
}

DescribedImage DescriptorParser::image_in(const pugi::xml_node& node) const {
    DescribedImage image;
    image.guid = guid(node, "GUID");
    const std::string_view type = text(node, "Type");
    if (type != "Plain" && type != "Compressed")
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: byte {}: an image of the type '{}', but this version of varve reads only "
                                "Compressed and Plain; convert the disk with Parallels' own 'prl_disk_tool' and use "
                                "the copy",
                                where_, node.offset_debug(), excerpt(type)));
    image.is_plain = type == "Plain";
    image.file = text(node, "File");
    if (image.file.empty() || image.file.size() > name_bytes_max)
        fail(child(node, "File"),
             fmt::format("expected a name of 1 to {} bytes, found {} bytes", name_bytes_max, image.file.size()));
    return image;
}

Storage DescriptorParser::storage_in(const pugi::xml_node& node) const {
    const ByteCount begin = sectors(node, "Start");
    const ByteCount end = sectors(node, "End");
    if (end <= begin)
        fail(node, fmt::format("expected an End after Start, found {} and {}", text(node, "End"), text(node, "Start")));
    Storage storage{{ByteOffset{begin.value}, end - begin}, {}};
    std::set<Uuid> guids;
    for (const pugi::xml_node& one : node.children("Image")) {
        storage.images.push_back(image_in(one));
        if (!guids.insert(storage.images.back().guid).second)
            fail(one, fmt::format("the GUID {} belongs to an earlier image, too", storage.images.back().guid.text()));
    }
    if (storage.images.empty()) fail(node, "expected an element 'Image', found none");
    return storage;
}

void DescriptorParser::take_storages(const pugi::xml_node& node) {
    for (const pugi::xml_node& one : node.children("Storage")) {
        if (disk_.storages.size() == storages_max)
            fail(one, fmt::format("expected at most {} parts of the disk, found more", storages_max));
        disk_.storages.push_back(storage_in(one));
    }
    check_order(node);
}

void DescriptorParser::check_order(const pugi::xml_node& node) {
    std::ranges::sort(disk_.storages, {}, [](const Storage& storage) { return storage.range.begin; });
    ByteOffset end;
    for (const Storage& storage : disk_.storages) {
        if (storage.range.begin != end)
            fail(node, fmt::format("expected a part of the disk that starts at sector {}, found the next at {}",
                                   end.value / sector_bytes, storage.range.begin.value / sector_bytes));
        end = storage.range.end();
    }
    if (end.value != disk_.size.value)
        fail(node, fmt::format("expected parts up to sector {}, the disk's end, found the last end at {}",
                               disk_.size.value / sector_bytes, end.value / sector_bytes));
}

void DescriptorParser::take_shots(const pugi::xml_node& node) {
    std::set<Uuid> guids;
    for (const pugi::xml_node& one : node.children("Shot")) {
        const Shot shot{guid(one, "GUID"), guid(one, "ParentGUID")};
        if (shot.guid.is_null() || !guids.insert(shot.guid).second)
            fail(one, fmt::format("expected another GUID for each snapshot, found {}", shot.guid.text()));
        disk_.shots.push_back(shot);
    }
    choose_top(node);
}

std::vector<Uuid> DescriptorParser::leaves() const {
    std::set<Uuid> parents;
    for (const Shot& shot : disk_.shots) parents.insert(shot.parent);
    std::vector<Uuid> leaves;
    for (const Shot& shot : disk_.shots)
        if (!parents.contains(shot.guid)) leaves.push_back(shot.guid);
    return leaves;
}

/// A disk that never had a snapshot may have no list of them.
void DescriptorParser::choose_top(const pugi::xml_node& node) {
    if (node.child("TopGUID")) {
        disk_.top = guid(node, "TopGUID");
        return;
    }
    const Uuid usual = *parse_uuid(usual_top);
    if (std::ranges::find(disk_.shots, usual, &Shot::guid) != disk_.shots.end()) {
        disk_.top = usual;
        return;
    }
    const auto& first = disk_.storages.empty() ? std::vector<DescribedImage>() : disk_.storages.front().images;
    if (disk_.shots.empty() && first.size() == 1) disk_.shots.push_back({first.front().guid, {}});
    const std::vector<Uuid> last = leaves();
    if (last.size() != 1)
        fail(fmt::format("expected a TopGUID, or one snapshot without a child, found {} of these", last.size()));
    disk_.top = last.front();
}

}  // namespace

bool is_disk_descriptor(std::string_view start) {
    if (start.starts_with("\xef\xbb\xbf")) start.remove_prefix(3);
    start.remove_prefix(std::min(start.find_first_not_of(" \t\r\n"), start.size()));
    return start.starts_with('<') && start.find("<Parallels_disk_image") != std::string_view::npos;
}

DiskDescriptor parse_disk_descriptor(ByteView xml, const std::string& where) {
    return DescriptorParser(where).parse(xml);
}

DiskDescriptor read_disk_descriptor(const ByteSource& file) {
    const std::uint64_t size = file.size().value;
    if (size > text_bytes_max)
        throw Error(ErrorCode::refused, fmt::format("{}: expected a descriptor of at most {} bytes, found {}",
                                                    file.place({}), text_bytes_max, size));
    Bytes xml(static_cast<std::size_t>(size));
    file.read_at({}, xml);
    return parse_disk_descriptor(xml, file.place({}));
}

Error corrupt_descriptor(const std::string& where, std::string_view what) {
    return Error(ErrorCode::corrupt,
                 fmt::format("{}: {}; the descriptor of the disk is damaged: use the 'DiskDescriptor.xml.Backup' "
                             "beside it, or an older copy",
                             where, what));
}

}  // namespace varve::parallels
