// Generated descriptors have what importers need.

#include "formats/appliance/descriptor_writer.h"

#include <algorithm>
#include <set>

#include "tests/formats/appliance/archive_support.h"

namespace varve::descriptor_writer_test {

using namespace appliance_test;

namespace {

std::vector<appliance::DescribedDisk> disks_of(std::size_t count) {
    std::vector<appliance::DescribedDisk> disks;
    for (std::size_t i = 1; i <= count; ++i)
        disks.push_back({"web01-disk" + std::to_string(i) + ".vmdk", {70000 + i}, mib(i)});
    return disks;
}

std::string described(std::size_t disks, vmdk::AdapterType adapter = vmdk::AdapterType::lsilogic) {
    return appliance::describe_machine("web01", disks_of(disks), adapter);
}

}  // namespace

TEST_CASE("descriptor writer: a machine is described as VMware's importers expect", "[ova][ovf]") {
    const Ovf ovf(described(2));
    CHECK(ovf.all("/Envelope/References/File/@ovf:id") == Texts{"file1", "file2"});
    CHECK(ovf.all("/Envelope/References/File/@ovf:href") == Texts{"web01-disk1.vmdk", "web01-disk2.vmdk"});
    CHECK(ovf.all("/Envelope/References/File/@ovf:size") == Texts{"70001", "70002"});
    CHECK(ovf.all("/Envelope/DiskSection/Disk/@ovf:fileRef") == Texts{"file1", "file2"});
    CHECK(ovf.all("/Envelope/DiskSection/Disk/@ovf:capacity") == Texts{"1048576", "2097152"});
    CHECK(ovf.all("/Envelope/DiskSection/Disk/@ovf:capacityAllocationUnits") == Texts{"byte", "byte"});
    CHECK(ovf.all("//vssd:VirtualSystemType") == Texts{"vmx-10"});
    CHECK(ovf.all("//OperatingSystemSection/@ovf:id") == Texts{"102"});
    CHECK(ovf.all("/Envelope/VirtualSystem/@ovf:id") == Texts{"web01"});
    CHECK(ovf.all("//Item/rasd:ResourceType") == Texts{"3", "4", "6", "17", "17"});
    CHECK(ovf.all("//Item[rasd:ResourceType=6]/rasd:ResourceSubType") == Texts{"lsilogic"});
    CHECK(ovf.all("//Item[rasd:ResourceType=17]/rasd:HostResource") == Texts{"ovf:/disk/vmdisk1", "ovf:/disk/vmdisk2"});
}

TEST_CASE("descriptor writer: the elements of every item are in alphabetical order", "[ova][ovf]") {
    for (const auto adapter : {vmdk::AdapterType::lsilogic, vmdk::AdapterType::buslogic, vmdk::AdapterType::ide}) {
        pugi::xml_document document;
        REQUIRE(document.load_string(described(3, adapter).c_str()));
        const auto items = document.select_nodes("//Item | //System");
        CHECK(items.size() == 2 + 1 + (adapter == vmdk::AdapterType::ide ? 2 : 1) + 3);
        for (const pugi::xpath_node& item : items) {
            Texts names;
            for (const pugi::xml_node child : item.node().children()) names.push_back(child.name());
            CHECK(std::ranges::is_sorted(names));
        }
    }
}

TEST_CASE("descriptor writer: every disk has a unit number of its own, never the controller's", "[ova][ovf]") {
    for (const auto& [adapter, count, controllers] :
         std::vector<std::tuple<vmdk::AdapterType, std::size_t, std::size_t>>{{vmdk::AdapterType::lsilogic, 15, 1},
                                                                              {vmdk::AdapterType::lsilogic, 16, 2},
                                                                              {vmdk::AdapterType::buslogic, 60, 4},
                                                                              {vmdk::AdapterType::ide, 2, 1},
                                                                              {vmdk::AdapterType::ide, 4, 2}}) {
        CAPTURE(vmdk::name_of(adapter), count);
        const bool is_ide = adapter == vmdk::AdapterType::ide;
        const Ovf ovf(described(count, adapter));
        const Texts ids = ovf.all("//Item/rasd:InstanceID");
        CHECK(std::set(ids.begin(), ids.end()).size() == ids.size());
        const std::string kind = is_ide ? "5" : "6";
        const Texts parents = ovf.all("//Item[rasd:ResourceType=" + kind + "]/rasd:InstanceID");
        CHECK(parents.size() == controllers);
        const Texts disk_parents = ovf.all("//Item[rasd:ResourceType=17]/rasd:Parent");
        const Texts units = ovf.all("//Item[rasd:ResourceType=17]/rasd:AddressOnParent");
        REQUIRE(units.size() == count);
        std::set<std::string> places;
        for (std::size_t i = 0; i < count; ++i) {
            CHECK(std::ranges::find(parents, disk_parents[i]) != parents.end());
            CHECK(std::stoi(units[i]) < (is_ide ? 2 : 16));
            if (!is_ide) CHECK(units[i] != "7");
            places.insert(disk_parents[i] + ":" + units[i]);
        }
        CHECK(places.size() == count);
    }
}

TEST_CASE("descriptor writer: the greatest lengths give the longest text", "[ova][ovf]") {
    auto disks = disks_of(1);
    const std::size_t small = appliance::describe_machine("m", disks, vmdk::AdapterType::lsilogic).size();
    disks[0].file_length = {INT64_MAX};
    CHECK(appliance::describe_machine("m", disks, vmdk::AdapterType::lsilogic).size() == small + 19 - 5);
}

}  // namespace varve::descriptor_writer_test
