#include "formats/appliance/descriptor_writer.h"

#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "engine/base/check.h"

namespace varve::appliance {
namespace {

constexpr unsigned processors = 2;
constexpr unsigned memory_mib = 4096;

/// CIM_ResourceAllocationSettingData.ResourceType.
enum class Resource { processor = 3, memory = 4, ide_controller = 5, scsi_controller = 6, disk = 17 };

/// A kind of controller, and how many disks it takes.
struct Controller {
    Resource resource;
    const char* name;
    const char* subtype;  ///< null: none
    std::size_t controllers_max;
    std::size_t disks_each;
};

Controller controller_of(vmdk::AdapterType adapter_type) {
    switch (adapter_type) {
        case vmdk::AdapterType::ide:
            return {Resource::ide_controller, "IDE", nullptr, 2, 2};
        case vmdk::AdapterType::buslogic:
            return {Resource::scsi_controller, "SCSI", "buslogic", 4, 15};
        default:
            VARVE_CHECK(adapter_type == vmdk::AdapterType::lsilogic);
            return {Resource::scsi_controller, "SCSI", "lsilogic", 4, 15};
    }
}

/// The unit number of the `index`-th disk of a controller; on SCSI, 7 is the controller's own.
std::size_t unit_of(const Controller& controller, std::size_t index) {
    constexpr std::size_t own_unit = 7;
    return controller.resource == Resource::scsi_controller && index >= own_unit ? index + 1 : index;
}

pugi::xml_node add(pugi::xml_node parent, const char* name, const std::string& text) {
    pugi::xml_node node = parent.append_child(name);
    node.text().set(text.c_str());
    return node;
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
    node.append_attribute(name).set_value(value.c_str());
}

pugi::xml_node add_envelope(pugi::xml_document& document) {
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    set(declaration, "version", "1.0");
    set(declaration, "encoding", "UTF-8");
    pugi::xml_node envelope = document.append_child("Envelope");
    set(envelope, "xmlns", "http://schemas.dmtf.org/ovf/envelope/1");
    set(envelope, "xmlns:ovf", "http://schemas.dmtf.org/ovf/envelope/1");
    set(envelope, "xmlns:rasd", "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData");
    set(envelope, "xmlns:vmw", "http://www.vmware.com/schema/ovf");
    set(envelope, "xmlns:vssd", "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData");
    return envelope;
}

void add_files(pugi::xml_node envelope, std::span<const DescribedDisk> disks) {
    pugi::xml_node references = envelope.append_child("References");
    for (std::size_t i = 0; i < disks.size(); ++i) {
        pugi::xml_node file = references.append_child("File");
        set(file, "ovf:href", disks[i].file_name);
        set(file, "ovf:id", fmt::format("file{}", i + 1));
        set(file, "ovf:size", fmt::format("{}", disks[i].file_length.value));
    }
}

void add_disks(pugi::xml_node envelope, std::span<const DescribedDisk> disks) {
    pugi::xml_node section = envelope.append_child("DiskSection");
    add(section, "Info", "The disks of the machine");
    for (std::size_t i = 0; i < disks.size(); ++i) {
        pugi::xml_node disk = section.append_child("Disk");
        set(disk, "ovf:capacity", fmt::format("{}", disks[i].virtual_size.value));
        set(disk, "ovf:capacityAllocationUnits", "byte");
        set(disk, "ovf:diskId", fmt::format("vmdisk{}", i + 1));
        set(disk, "ovf:fileRef", fmt::format("file{}", i + 1));
        set(disk, "ovf:format", stream_format);
    }
}

/// The items of the machine's hardware, numbered in order.
class Hardware {
public:
    explicit Hardware(pugi::xml_node section) : section_(section) {}

    /// Countable resources: processors, memory.
    void add_quantity(Resource resource, const std::string& name, const char* units, const char* description,
                      unsigned quantity) {
        pugi::xml_node item = section_.append_child("Item");
        add(item, "rasd:AllocationUnits", units);
        add(item, "rasd:Description", description);
        add(item, "rasd:ElementName", name);
        add(item, "rasd:InstanceID", fmt::format("{}", ++last_id_));
        add_resource(item, resource);
        add(item, "rasd:VirtualQuantity", fmt::format("{}", quantity));
    }

    /// Returns its InstanceID.
    unsigned add_controller(const Controller& kind, std::size_t address) {
        pugi::xml_node item = section_.append_child("Item");
        add(item, "rasd:Address", fmt::format("{}", address));
        add(item, "rasd:Description", fmt::format("{} Controller", kind.name));
        add(item, "rasd:ElementName", fmt::format("{} Controller {}", kind.name, address));
        add(item, "rasd:InstanceID", fmt::format("{}", ++last_id_));
        if (kind.subtype != nullptr) add(item, "rasd:ResourceSubType", kind.subtype);
        add_resource(item, kind.resource);
        return last_id_;
    }

    void add_disk(std::size_t number, unsigned controller_id, std::size_t unit) {
        pugi::xml_node item = section_.append_child("Item");
        add(item, "rasd:AddressOnParent", fmt::format("{}", unit));
        add(item, "rasd:ElementName", fmt::format("Hard disk {}", number));
        add(item, "rasd:HostResource", fmt::format("ovf:/disk/vmdisk{}", number));
        add(item, "rasd:InstanceID", fmt::format("{}", ++last_id_));
        add(item, "rasd:Parent", fmt::format("{}", controller_id));
        add_resource(item, Resource::disk);
    }

private:
    static void add_resource(pugi::xml_node item, Resource resource) {
        add(item, "rasd:ResourceType", fmt::format("{}", static_cast<int>(resource)));
    }

    pugi::xml_node section_;
    unsigned last_id_ = 0;
};

void add_system(pugi::xml_node section, const std::string& machine) {
    add(section, "Info", "Virtual hardware requirements");
    pugi::xml_node system = section.append_child("System");
    add(system, "vssd:ElementName", "Virtual Hardware Family");
    add(system, "vssd:InstanceID", "0");
    add(system, "vssd:VirtualSystemIdentifier", machine);
    add(system, "vssd:VirtualSystemType", "vmx-10");
}

void add_hardware(pugi::xml_node section, const std::string& machine, std::size_t disks,
                  vmdk::AdapterType adapter_type) {
    add_system(section, machine);
    Hardware hardware(section);
    hardware.add_quantity(Resource::processor, fmt::format("{} virtual CPU(s)", processors), "hertz * 10^6",
                          "Number of Virtual CPUs", processors);
    hardware.add_quantity(Resource::memory, fmt::format("{} MB of memory", memory_mib), "byte * 2^20", "Memory Size",
                          memory_mib);
    const Controller kind = controller_of(adapter_type);
    std::vector<unsigned> controllers;
    for (std::size_t address = 0; address * kind.disks_each < disks; ++address)
        controllers.push_back(hardware.add_controller(kind, address));
    for (std::size_t i = 0; i < disks; ++i)
        hardware.add_disk(i + 1, controllers[i / kind.disks_each], unit_of(kind, i % kind.disks_each));
}

void add_machine(pugi::xml_node envelope, const std::string& machine, std::size_t disks,
                 vmdk::AdapterType adapter_type) {
    pugi::xml_node system = envelope.append_child("VirtualSystem");
    set(system, "ovf:id", machine);
    add(system, "Info", "A virtual machine");
    add(system, "Name", machine);
    pugi::xml_node guest = system.append_child("OperatingSystemSection");
    set(guest, "ovf:id", "102");
    set(guest, "vmw:osType", "otherGuest64");
    add(guest, "Info", "The kind of installed guest operating system");
    add(guest, "Description", "Other (64-bit)");
    add_hardware(system.append_child("VirtualHardwareSection"), machine, disks, adapter_type);
}

}  // namespace

std::size_t disks_max(vmdk::AdapterType adapter_type) {
    const Controller kind = controller_of(adapter_type);
    return kind.controllers_max * kind.disks_each;
}

std::string describe_machine(const std::string& machine, std::span<const DescribedDisk> disks,
                             vmdk::AdapterType adapter_type) {
    VARVE_CHECK(disks.size() <= disks_max(adapter_type));
    pugi::xml_document document;
    pugi::xml_node envelope = add_envelope(document);
    add_files(envelope, disks);
    add_disks(envelope, disks);
    add_machine(envelope, machine, disks.size(), adapter_type);
    std::ostringstream text;
    document.save(text, "  ", pugi::format_indent, pugi::encoding_utf8);
    return text.str();
}

}  // namespace varve::appliance
