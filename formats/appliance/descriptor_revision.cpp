#include "formats/appliance/descriptor_revision.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "engine/base/ascii.h"
#include "engine/base/check.h"
#include "engine/base/error.h"
#include "engine/base/number_text.h"
#include "formats/appliance/allocation_units.h"
#include "formats/appliance/descriptor_reader.h"
#include "formats/appliance/descriptor_writer.h"
#include "formats/appliance/href.h"
#include "formats/appliance/xml_names.h"

namespace varve::appliance {
namespace {

constexpr int depth_max = 200;

/// The sentences continue "the kept descriptor does not fit: …".
[[noreturn]] void reject_unfit(const std::string& why) { throw Error(ErrorCode::refused, why); }
[[noreturn]] void reject_damaged(const std::string& why) { throw Error(ErrorCode::corrupt, why); }

/// The prefix of a node's own attributes ("ovf:"), as seen at an attribute that it must have.
std::string prefix_of(const pugi::xml_node& node, std::string_view local) {
    for (const pugi::xml_attribute& attribute : node.attributes()) {
        const std::string_view name = attribute.name();
        if (local_name(name) == local) return std::string(name.substr(0, name.size() - local.size()));
    }
    return "";
}

/// The prefix of the names of elements.
std::string element_prefix(const pugi::xml_node& envelope) {
    const std::string_view name = envelope.name();
    return std::string(name.substr(0, name.size() - local_name(name).size()));
}

/// An element File or Disk with its attributes.
struct Element {
    pugi::xml_node node;
    std::string prefix;

    Element(pugi::xml_node element, std::string_view known) : node(element), prefix(prefix_of(element, known)) {}

    std::string get(const std::string& name) const { return node.attribute((prefix + name).c_str()).value(); }
    void set(const std::string& name, const std::string& value) {
        const std::string full = prefix + name;
        pugi::xml_attribute attribute = node.attribute(full.c_str());
        if (!attribute) attribute = node.append_attribute(full.c_str());
        attribute.set_value(value.c_str());
    }
    void remove(const std::string& name) { node.remove_attribute((prefix + name).c_str()); }
};

std::optional<std::uint64_t> capacity_of(const Element& disk) {
    const auto number = parse_number<std::uint64_t>(disk.get("capacity"));
    const auto unit = bytes_per_unit(disk.get("capacityAllocationUnits"));
    return number && unit ? checked_mul(*number, *unit) : std::nullopt;
}

/// All nodes under `root`, each before its children.
template <typename Visit>
void walk(const pugi::xml_node& root, Visit visit) {
    int depth = 1;
    for (pugi::xml_node node = root.first_child(); node;) {
        visit(node, depth);
        if (node.first_child()) {
            node = node.first_child();
            ++depth;
            continue;
        }
        while (node != root && !node.next_sibling()) {
            node = node.parent();
            --depth;
        }
        if (node == root) return;
        node = node.next_sibling();
    }
}

/// Also removes the newline and the indentation before it.
void remove_element(pugi::xml_node node) {
    pugi::xml_node before = node.previous_sibling();
    const bool is_blank = before.type() == pugi::node_pcdata &&
                          std::string_view(before.value()).find_first_not_of(" \t\n") == std::string_view::npos;
    if (is_blank) node.parent().remove_child(before);
    node.parent().remove_child(node);
}

/// How other elements point to a file of the package.
std::set<std::string> pointers_to(const std::set<std::string>& ids) {
    std::set<std::string> pointers;
    for (const std::string& id : ids)
        for (const char* begin : {"ovf:/file/", "ovf://file/"}) pointers.insert(begin + id);
    return pointers;
}

bool points_to(const pugi::xml_node& node, const std::set<std::string>& ids, const std::set<std::string>& pointers) {
    if (is_element(node, "Disk")) return false;  // the files of disks are known, and stay
    if (is_element(node, "HostResource") && pointers.contains(std::string(trim(node.text().get())))) return true;
    return std::ranges::any_of(node.attributes(), [&](const pugi::xml_attribute& attribute) {
        if (pointers.contains(attribute.value())) return true;
        return local_name(attribute.name()) == "fileRef" && ids.contains(attribute.value());
    });
}

void remove_pointers(const pugi::xml_node& root, const std::set<std::string>& ids) {
    const std::set<std::string> pointers = pointers_to(ids);
    std::vector<pugi::xml_node> found;
    walk(root, [&](const pugi::xml_node& node, int) {
        if (node.type() == pugi::node_element && points_to(node, ids, pointers)) found.push_back(node);
    });
    for (std::size_t i = found.size(); i-- > 0;) remove_element(found[i]);  // nested ones first
}

}  // namespace

struct DescriptorRevision::State {
    struct File {
        Element element;
        std::string id;
        std::optional<std::size_t> disk;  ///< index of the Disk in it
        bool is_in_package = true;
    };
    struct Disk {
        Element element;
        std::string id;
        bool has_file = false;
        std::optional<std::size_t> written;  ///< index of the matched name
    };

    explicit State(ByteView kept);
    void find_files();
    void find_disks();
    std::map<std::string, std::vector<std::size_t>> disks_by_name() const;
    void match_alone();
    void match_by_name(std::span<const std::string> names);
    void give_file(std::size_t disk);
    void correct(const File& file, const NewFile& change);

    pugi::xml_document document;
    pugi::xml_node envelope;
    pugi::xml_node references;
    std::vector<File> files;  ///< in the order of References
    std::vector<Disk> disks;
};

DescriptorRevision::State::State(ByteView kept) {
    check_descriptor_limits(kept, "it");
    constexpr unsigned all = pugi::parse_full | pugi::parse_ws_pcdata;
    const pugi::xml_parse_result result = document.load_buffer(kept.data(), kept.size(), all);
    if (!result) reject_damaged(fmt::format("at byte {} it is not XML: {}", result.offset, result.description()));
    walk(document, [](const pugi::xml_node& node, int depth) {
        if (node.type() == pugi::node_doctype) reject_unfit("it has a document type, which no descriptor needs");
        if (depth > depth_max) reject_unfit(fmt::format("its elements are nested more than {} deep", depth_max));
    });
    for (const pugi::xml_node& node : document.children())
        if (node.type() == pugi::node_declaration && node.attribute("encoding"))
            node.attribute("encoding").set_value("UTF-8");  // as text() returns it
    envelope = document.document_element();
    if (!is_element(envelope, "Envelope")) reject_damaged("its root is not an Envelope");
    find_files();
    find_disks();
}

void DescriptorRevision::State::find_files() {
    std::set<std::string> ids;
    for (const pugi::xml_node& section : envelope.children())
        if (is_element(section, "References") && !references) references = section;
    for (const pugi::xml_node& node : references.children()) {
        if (!is_element(node, "File")) continue;
        const Element element(node, "id");
        const std::string id = element.get("id");
        if (id.empty() || !ids.insert(id).second)
            reject_damaged(fmt::format("a File has the id '{}': expected a unique one", id));
        files.push_back({element, id, {}});
    }
}

void DescriptorRevision::State::find_disks() {
    std::map<std::string, std::size_t> file_of_id;
    for (std::size_t i = 0; i < files.size(); ++i) file_of_id[files[i].id] = i;
    std::set<std::string> ids;
    for (const pugi::xml_node& section : envelope.children()) {
        if (!is_element(section, "DiskSection")) continue;
        for (const pugi::xml_node& node : section.children()) {
            if (!is_element(node, "Disk")) continue;
            const Element element(node, "diskId");
            const std::string id = element.get("diskId");
            if (id.empty() || !ids.insert(id).second)
                reject_damaged(fmt::format("a Disk has the id '{}': expected a unique one", id));
            const std::string reference = element.get("fileRef");
            if (!reference.empty()) {
                const auto file = file_of_id.find(reference);
                if (file == file_of_id.end())
                    reject_damaged(
                        fmt::format("disk '{}' is in a file '{}' that is not among the References", id, reference));
                if (files[file->second].disk) reject_unfit(fmt::format("two disks are in the file '{}'", reference));
                files[file->second].disk = disks.size();
            }
            disks.push_back({element, id, !reference.empty(), {}});
        }
    }
}

std::map<std::string, std::vector<std::size_t>> DescriptorRevision::State::disks_by_name() const {
    std::map<std::string, std::set<std::size_t>> sets;
    for (const File& file : files) {
        if (!file.disk) continue;
        const std::string href = file.element.get("href");
        for (const std::string& name : {href, decoded_href(href), base_name(decoded_href(href))})
            sets[name].insert(*file.disk);
    }
    for (std::size_t i = 0; i < disks.size(); ++i)
        if (!disks[i].has_file) sets[disks[i].id].insert(i);
    std::map<std::string, std::vector<std::size_t>> found;
    for (const auto& [name, indexes] : sets) found[name].assign(indexes.begin(), indexes.end());
    return found;
}

/// Matches the only disk with a file, or the only disk at all.
void DescriptorRevision::State::match_alone() {
    const auto with_file = std::ranges::find(disks, true, &Disk::has_file);
    (with_file == disks.end() ? disks.front() : *with_file).written = 0;
}

void DescriptorRevision::State::match_by_name(std::span<const std::string> names) {
    const auto known = disks_by_name();
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto found = known.find(base_name(names[i]));
        if (found == known.end()) reject_unfit(fmt::format("it has no disk '{}'", base_name(names[i])));
        if (found->second.size() > 1 || disks[found->second[0]].written)
            reject_unfit(fmt::format("more than one disk is '{}'", base_name(names[i])));
        disks[found->second[0]].written = i;
    }
    for (const Disk& disk : disks)
        if (disk.has_file && !disk.written)
            reject_unfit(fmt::format("its disk '{}' is not among those to be packed", disk.id));
}

/// Adds a File for a disk that was empty, after those of the other disks.
void DescriptorRevision::State::give_file(std::size_t disk) {
    const std::string prefix = element_prefix(envelope);
    if (!references) references = envelope.prepend_child((prefix + "References").c_str());
    const std::string name = prefix + "File";
    const auto last =
        std::find_if(files.rbegin(), files.rend(), [](const File& file) { return file.disk.has_value(); });
    pugi::xml_node node = last == files.rend() ? references.prepend_child(name.c_str())
                                               : references.insert_child_after(name.c_str(), last->element.node);
    references.insert_child_before(pugi::node_pcdata, node).set_value("\n    ");
    std::string id = fmt::format("file-{}", disks[disk].id);
    while (std::ranges::find(files, id, &File::id) != files.end()) id += '_';
    Element element(node, "");
    element.prefix = disks[disk].element.prefix;
    element.set("href", "");
    element.set("id", id);
    disks[disk].element.set("fileRef", id);
    disks[disk].has_file = true;
    files.insert(last.base(), {element, id, disk});
}

void DescriptorRevision::State::correct(const File& file, const NewFile& change) {
    Element element = file.element;
    element.set("href", *change.name);
    element.remove("chunkSize");
    if (!file.disk) {
        if (!change.is_gzip) element.remove("compression");
        return;
    }
    element.remove("compression");
    Element disk = disks[*file.disk].element;
    if (capacity_of(disk) != change.virtual_size.value) {
        disk.set("capacity", fmt::format("{}", change.virtual_size.value));
        disk.set("capacityAllocationUnits", "byte");
    }
    disk.set("format", stream_format);
    disk.remove("populatedSize");
    disk.remove("parentRef");
}

DescriptorRevision::DescriptorRevision(ByteView kept) : state_(std::make_unique<State>(kept)) {}
DescriptorRevision::~DescriptorRevision() = default;
DescriptorRevision::DescriptorRevision(DescriptorRevision&&) noexcept = default;
DescriptorRevision& DescriptorRevision::operator=(DescriptorRevision&&) noexcept = default;

std::vector<DescriptorRevision::Reference> DescriptorRevision::match(std::span<const std::string> names) {
    State& state = *state_;
    const auto with_file = std::ranges::count(state.disks, true, &State::Disk::has_file);
    const bool is_empty_one = names.size() == 1 && std::ranges::any_of(state.disks, [&](const State::Disk& disk) {
                                  return !disk.has_file && disk.id == base_name(names[0]);
                              });
    if (names.size() == 1 && (with_file == 1 ? !is_empty_one : state.disks.size() == 1))
        state.match_alone();
    else
        state.match_by_name(names);
    for (std::size_t i = 0; i < state.disks.size(); ++i)
        if (state.disks[i].written && !state.disks[i].has_file) state.give_file(i);
    std::vector<Reference> found;
    for (const State::File& file : state.files) {
        if (!file.disk) {
            found.push_back({base_name(decoded_href(file.element.get("href"))), {}});
            continue;
        }
        const State::Disk& disk = state.disks[*file.disk];
        const std::string name = base_name(decoded_href(file.element.get("href")));
        found.push_back({name.empty() ? disk.id : name, disk.written});
    }
    return found;
}

void DescriptorRevision::apply(std::span<const NewFile> files) {
    State& state = *state_;
    VARVE_CHECK(files.size() == state.files.size());
    std::set<std::string> gone;
    for (std::size_t i = 0; i < files.size(); ++i) {
        State::File& file = state.files[i];
        file.is_in_package = files[i].name.has_value();
        if (file.is_in_package) {
            state.correct(file, files[i]);
            continue;
        }
        VARVE_CHECK(!file.disk);
        gone.insert(file.id);
        remove_element(file.element.node);
    }
    std::erase_if(state.files, [](const State::File& file) { return !file.is_in_package; });
    remove_pointers(state.envelope, gone);
}

void DescriptorRevision::set_machine_name(const std::string& name) {
    for (const pugi::xml_node& system : state_->envelope.children()) {
        if (!is_element(system, "VirtualSystem") && !is_element(system, "VirtualSystemCollection")) continue;
        for (pugi::xml_node child : system.children())
            if (is_element(child, "Name")) child.text().set(name.c_str());
        return;
    }
}

std::vector<std::string> DescriptorRevision::hardware_families() const {
    std::set<std::string> families;
    walk(state_->envelope, [&](const pugi::xml_node& node, int) {
        if (is_element(node, "VirtualSystemType")) families.emplace(trim(node.text().get()));
    });
    return {families.begin(), families.end()};
}

std::optional<std::string> DescriptorRevision::mark_of_ovf2() const {
    std::optional<std::string> mark;
    for (const pugi::xml_attribute& one : state_->envelope.attributes())
        if (std::string_view(one.name()).starts_with("xmlns") &&
            std::string_view(one.value()).find("/ovf/envelope/2") != std::string_view::npos)
            mark = one.value();
    walk(state_->envelope, [&](const pugi::xml_node& node, int) {
        for (const char* element : {"StorageItem", "EthernetPortItem"})
            if (is_element(node, element)) mark = element;
    });
    return mark;
}

/// Prints the top-level nodes one per line: pugixml keeps no blanks outside the root.
std::string DescriptorRevision::text(std::span<const ByteCount> lengths) {
    VARVE_CHECK(lengths.size() == state_->files.size());
    for (std::size_t i = 0; i < lengths.size(); ++i)
        state_->files[i].element.set("size", fmt::format("{}", lengths[i].value));
    std::ostringstream out;
    for (const pugi::xml_node& node : state_->document.children()) {
        if (node.type() == pugi::node_pcdata) continue;
        node.print(out, "", pugi::format_raw, pugi::encoding_utf8);
        out << '\n';
    }
    return out.str();
}

}  // namespace varve::appliance
