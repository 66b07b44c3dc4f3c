#include "formats/appliance/descriptor_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <new>
#include <string_view>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "engine/base/ascii.h"
#include "engine/base/error.h"
#include "engine/base/number_text.h"
#include "formats/appliance/allocation_units.h"
#include "formats/appliance/error.h"
#include "formats/appliance/xml_names.h"
#include "formats/base/excerpt.h"

namespace varve::appliance {
namespace {

constexpr std::size_t entries_max = 4096;
constexpr std::size_t attribute_bytes_max = 64 << 10;
/// Limits per text, which keep the parsed tree to a few times its size. Real descriptors have some hundreds.
constexpr std::ptrdiff_t tags_max = 1 << 18;
constexpr std::ptrdiff_t attributes_max = 1 << 20;
constexpr std::uint64_t bytes_max = (std::uint64_t{1} << 63) - 1;

/// "http://schemas.dmtf.org/ovf/envelope/1", "http://www.vmware.com/schema/ovf/1/envelope".
bool is_ovf_namespace(std::string_view uri) {
    return uri.find("/ovf/") != std::string_view::npos && uri.find("envelope") != std::string_view::npos;
}

/// Sections of OVF before 1.0 have an xsi:type that states their kind.
bool has_type(const pugi::xml_node& node, std::string_view type) {
    for (const pugi::xml_attribute& one : node.attributes())
        if (local_name(one.name()) == "type" && local_name(one.value()) == type) return true;
    return false;
}

bool is_section(const pugi::xml_node& node, std::string_view name, std::string_view old_name, std::string_view type) {
    return is_element(node, name) || (is_element(node, old_name) && has_type(node, type));
}

std::optional<std::uint64_t> byte_number(std::string_view text) {
    const auto value = parse_number<std::uint64_t>(text);
    return value && *value <= bytes_max ? value : std::nullopt;
}

/// Parses one text. For one use.
class XmlParser {
public:
    explicit XmlParser(const std::string& where) : where_(where) {}

    Descriptor parse(ByteView xml) {
        check_descriptor_limits(xml, where_);
        load(xml);
        const pugi::xml_node envelope = root();
        collect_prefixes(envelope);
        for (const pugi::xml_node& child : envelope.children()) take_section(child);
        check_references();
        return std::move(result_);
    }

private:
    void load(ByteView xml);
    pugi::xml_node root() const;
    void collect_prefixes(const pugi::xml_node& envelope);
    void take_section(const pugi::xml_node& node);
    void take_file(const pugi::xml_node& node);
    void take_disk(const pugi::xml_node& node);
    void take_name(const pugi::xml_node& node);
    std::optional<ByteCount> capacity_of(const pugi::xml_node& node, const DiskElement& disk);
    bool is_gzip(const pugi::xml_node& node) const;
    std::optional<ByteCount> bytes_in(const pugi::xml_node& node, std::string_view local, std::uint64_t least);
    std::string attribute(const pugi::xml_node& node, std::string_view local) const;
    std::string required(const pugi::xml_node& node, std::string_view local) const;
    void check_references() const;
    void check_parents() const;

    [[noreturn]] void fail(std::string_view what) const { throw corrupt(where_, what); }
    [[noreturn]] void fail(const pugi::xml_node& node, std::string_view what) const {
        fail(fmt::format("byte {}, element '{}': {}", node.offset_debug(), excerpt(node.name()), what));
    }
    [[noreturn]] void refuse(std::string_view what) const { throw refused(where_, what); }

    const std::string& where_;
    pugi::xml_document document_;
    std::vector<std::string_view> prefixes_;  // that attributes of OVF may have
    std::map<std::string, std::size_t, std::less<>> files_;
    std::map<std::string, std::size_t, std::less<>> disks_;
    Descriptor result_;
};

bool is_utf16(ByteView xml) {
    const std::string_view text = text_of(xml);
    return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff");
}

bool has_nul(ByteView xml) {
    if (!is_utf16(xml)) return text_of(xml).find('\0') != std::string_view::npos;
    for (std::size_t i = 0; i + 1 < xml.size(); i += 2)
        if (is_zero(xml.subspan(i, 2))) return true;
    return false;
}

void XmlParser::load(ByteView xml) {
    const unsigned options = pugi::parse_default | pugi::parse_doctype | pugi::parse_fragment;
    const pugi::xml_parse_result result = document_.load_buffer(xml.data(), xml.size(), options);
    if (result.status == pugi::status_out_of_memory) throw std::bad_alloc();
    const auto is_type = [](const pugi::xml_node& child) { return child.type() == pugi::node_doctype; };
    if (result.status == pugi::status_bad_doctype || document_.find_child(is_type))
        refuse("it has a document type (DOCTYPE), which no OVF descriptor needs and varve does not read; remove it");
    if (!result) fail(fmt::format("expected XML, found at byte {}: {}", result.offset, result.description()));
}

pugi::xml_node XmlParser::root() const {
    pugi::xml_node envelope;
    for (const pugi::xml_node& child : document_.children()) {
        if (child.type() == pugi::node_element && !envelope)
            envelope = child;
        else if (child.type() == pugi::node_element)
            fail(child, "expected one root element, found another");
        else
            fail(fmt::format("expected one root element, found the text '{}' at byte {} outside it",
                             excerpt(child.value()), child.offset_debug()));
    }
    if (!envelope) fail("expected the root element 'Envelope', found none");
    if (!is_element(envelope, "Envelope")) fail(envelope, "expected the root element 'Envelope'");
    return envelope;
}

void XmlParser::collect_prefixes(const pugi::xml_node& envelope) {
    prefixes_ = {"", "ovf"};
    for (const pugi::xml_attribute& one : envelope.attributes()) {
        const XmlName name = split_name(one.name());
        const bool is_new = std::ranges::find(prefixes_, name.local) == prefixes_.end();
        if (name.prefix == "xmlns" && is_new && is_ovf_namespace(one.value())) prefixes_.push_back(name.local);
        if (prefixes_.size() > 16) fail(envelope, "expected a few prefixes for OVF's namespace, found more than 16");
    }
}

void XmlParser::take_section(const pugi::xml_node& node) {
    if (is_element(node, "EncryptionSection"))
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: the package is encrypted, which this version of varve does not read; export it "
                                "without encryption",
                                where_));
    if (is_element(node, "References")) {
        for (const pugi::xml_node& child : node.children())
            if (is_element(child, "File")) take_file(child);
    } else if (is_section(node, "DiskSection", "Section", "DiskSection_Type") ||
               is_element(node, "SharedDiskSection")) {
        for (const pugi::xml_node& child : node.children())
            if (is_element(child, "Disk") || is_element(child, "SharedDisk")) take_disk(child);
    } else if (is_element(node, "VirtualSystem") || is_element(node, "VirtualSystemCollection") ||
               is_element(node, "Content")) {
        if (result_.name.empty()) take_name(node);
    }
}

void XmlParser::take_file(const pugi::xml_node& node) {
    if (result_.files.size() == entries_max) refuse(fmt::format("expected at most {} files", entries_max));
    FileElement file;
    file.id = required(node, "id");
    file.href = required(node, "href");
    file.size = bytes_in(node, "size", 0);
    file.is_gzip = is_gzip(node);
    file.chunk_size = bytes_in(node, "chunkSize", 1);
    if (!files_.emplace(file.id, result_.files.size()).second)
        fail(node, fmt::format("expected each file's id once, found '{}' a second time", excerpt(file.id)));
    result_.files.push_back(std::move(file));
}

bool XmlParser::is_gzip(const pugi::xml_node& node) const {
    const std::string word = attribute(node, "compression");
    if (word == "gzip") return true;
    if (word.empty() || word == "identity") return false;
    throw Error(
        ErrorCode::unsupported,
        fmt::format("{}: byte {}: file '{}' is compressed with '{}', which this version of varve does not read; "
                    "export it without compression",
                    where_, node.offset_debug(), excerpt(attribute(node, "id")), excerpt(word)));
}

void XmlParser::take_disk(const pugi::xml_node& node) {
    if (result_.disks.size() == entries_max) refuse(fmt::format("expected at most {} disks", entries_max));
    DiskElement disk;
    disk.id = required(node, "diskId");
    disk.file = attribute(node, "fileRef");
    disk.format = attribute(node, "format");
    disk.parent = attribute(node, "parentRef");
    disk.capacity = capacity_of(node, disk);
    if (!disks_.emplace(disk.id, result_.disks.size()).second)
        fail(node, fmt::format("expected each disk's id once, found '{}' a second time", excerpt(disk.id)));
    result_.disks.push_back(std::move(disk));
}

std::optional<ByteCount> XmlParser::capacity_of(const pugi::xml_node& node, const DiskElement& disk) {
    const std::string text = attribute(node, "capacity");
    const std::string units = attribute(node, "capacityAllocationUnits");
    const auto warn = [&](std::string_view why) {
        result_.warnings.push_back(
            fmt::format("{}: the capacity of disk '{}' is unknown: {}", where_, excerpt(disk.id), why));
        return std::nullopt;
    };
    if (text.empty()) return disk.file.empty() ? warn("the descriptor does not state it") : std::nullopt;
    if (text.starts_with("${")) return warn(fmt::format("'{}' is chosen when the package is deployed", excerpt(text)));
    const auto count = byte_number(text);
    if (!count) return warn(fmt::format("expected 0 to 2^63 - 1, found '{}'", excerpt(text)));
    const auto unit = bytes_per_unit(units);
    if (!unit) return warn(fmt::format("its unit '{}' is unknown", excerpt(units)));
    const auto bytes = checked_mul(*count, *unit);
    if (!bytes || *bytes > bytes_max)
        return warn(fmt::format("expected at most 2^63 - 1 bytes, found {} times '{}'", *count, excerpt(units)));
    return ByteCount{*bytes};
}

void XmlParser::take_name(const pugi::xml_node& node) {
    for (const pugi::xml_node& child : node.children()) {
        if (!is_element(child, "Name")) continue;
        const std::string_view name = trim(child.child_value());
        if (name.size() > attribute_bytes_max) fail(child, fmt::format("found a name of {} bytes", name.size()));
        result_.name = name;
        break;
    }
    if (result_.name.empty()) result_.name = attribute(node, "id");
}

/// An attribute of OVF, without surrounding blanks; empty if it is absent.
std::string XmlParser::attribute(const pugi::xml_node& node, std::string_view local) const {
    std::optional<std::string_view> value;
    for (const pugi::xml_attribute& one : node.attributes()) {
        const XmlName name = split_name(one.name());
        if (name.local != local || std::ranges::find(prefixes_, name.prefix) == prefixes_.end()) continue;
        const std::string_view found = trim(one.value());
        if (found.size() > attribute_bytes_max)
            fail(node, fmt::format("expected attribute '{}' of at most {} bytes, found {}", local, attribute_bytes_max,
                                   found.size()));
        if (value && *value != found)
            fail(node, fmt::format("expected attribute '{}' once, found '{}' after '{}'", local, excerpt(found),
                                   excerpt(*value)));
        value = found;
    }
    return std::string(value.value_or(""));
}

std::string XmlParser::required(const pugi::xml_node& node, std::string_view local) const {
    std::string value = attribute(node, local);
    if (value.empty()) fail(node, fmt::format("expected attribute '{}', found none", local));
    return value;
}

/// An attribute that only helps to detect damage: an impossible one is a warning, and counts as absent.
std::optional<ByteCount> XmlParser::bytes_in(const pugi::xml_node& node, std::string_view local, std::uint64_t least) {
    const std::string text = attribute(node, local);
    if (text.empty()) return std::nullopt;
    const auto bytes = byte_number(text);
    if (bytes && *bytes >= least) return ByteCount{*bytes};
    result_.warnings.push_back(fmt::format(
        "{}: byte {}, element '{}': the attribute '{}' is ignored: expected {} to 2^63 - 1 bytes, found '{}'", where_,
        node.offset_debug(), excerpt(node.name()), local, least, excerpt(text)));
    return std::nullopt;
}

void XmlParser::check_references() const {
    for (const DiskElement& disk : result_.disks) {
        if (!disk.file.empty() && !files_.contains(disk.file))
            fail(fmt::format("disk '{}' is in the file '{}', which is not among the package's references",
                             excerpt(disk.id), excerpt(disk.file)));
        if (!disk.parent.empty() && !disks_.contains(disk.parent))
            fail(fmt::format("disk '{}' is based on the disk '{}', which the package does not have", excerpt(disk.id),
                             excerpt(disk.parent)));
    }
    check_parents();
}

/// No disk is its own ancestor.
void XmlParser::check_parents() const {
    enum class Mark : std::uint8_t { none, on_this_path, done };
    std::vector<Mark> marks(result_.disks.size(), Mark::none);
    for (std::size_t first = 0; first < marks.size(); ++first) {
        std::vector<std::size_t> path;
        for (std::size_t at = first; marks[at] == Mark::none;) {
            marks[at] = Mark::on_this_path;
            path.push_back(at);
            const std::string& parent = result_.disks[at].parent;
            if (parent.empty()) break;
            at = disks_.at(parent);
            if (marks[at] == Mark::on_this_path)
                fail(fmt::format("disk '{}' is based on itself", excerpt(result_.disks[at].id)));
        }
        for (const std::size_t at : path) marks[at] = Mark::done;
    }
}

}  // namespace

void check_descriptor_limits(ByteView xml, const std::string& where) {
    if (xml.size() > descriptor_bytes_max.value)
        throw refused(where, fmt::format("expected a descriptor of at most {} bytes, found {}",
                                         descriptor_bytes_max.value, xml.size()));
    if (std::ranges::count(xml, std::byte{'<'}) > tags_max || std::ranges::count(xml, std::byte{'='}) > attributes_max)
        throw refused(where,
                      fmt::format("expected at most {} tags and {} attributes, as no descriptor of a package has more",
                                  tags_max, attributes_max));
    if (has_nul(xml)) throw corrupt(where, "expected XML, found a NUL");
}

Descriptor parse_descriptor(ByteView xml, const std::string& where) { return XmlParser(where).parse(xml); }

}  // namespace varve::appliance
