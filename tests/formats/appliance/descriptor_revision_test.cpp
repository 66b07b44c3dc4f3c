// Kept descriptors, corrected: real ones of VMware's products, small ones for each rule, and damaged ones.

#include "formats/appliance/descriptor_revision.h"

#include <cstdlib>
#include <filesystem>
#include <random>

#include "engine/base/error.h"
#include "tests/formats/appliance/archive_support.h"

namespace varve::descriptor_revision_test {

using namespace appliance_test;
using appliance::DescriptorRevision;

namespace {

/// A descriptor with these elements in References, DiskSection and one Item of the hardware.
std::string envelope(const std::string& files, const std::string& disks, const std::string& more = "") {
    return "<?xml version=\"1.0\"?>\n<Envelope xmlns=\"http://schemas.dmtf.org/ovf/envelope/1\" "
           "xmlns:ovf=\"http://schemas.dmtf.org/ovf/envelope/1\" xmlns:rasd=\"r\" xmlns:vmw=\"v\">\n"
           "  <References>\n    " +
           files + "\n  </References>\n  <DiskSection>\n    <Info>d</Info>\n    " + disks +
           "\n  </DiskSection>\n  <VirtualSystem ovf:id=\"vm\">\n    <Name>vm</Name>\n    " + more +
           "\n  </VirtualSystem>\n</Envelope>\n";
}

std::string file(const std::string& href, const std::string& id, const std::string& more = "") {
    return "<File ovf:href=\"" + href + "\" ovf:id=\"" + id + "\"" + more + "/>";
}

std::string disk(const std::string& id, const std::string& more) {
    return "<Disk ovf:diskId=\"" + id + "\" " + more + "/>";
}

std::string in_file(const std::string& id) { return "ovf:capacity=\"1\" ovf:fileRef=\"" + id + "\""; }

std::string refusal_of(const std::string& text, const Texts& names = {"x"}, ErrorCode code = ErrorCode::refused) {
    try {
        DescriptorRevision revision(bytes_of(text));
        revision.match(names);
    } catch (const Error& error) {
        CHECK(error.code() == code);
        return error.what();
    }
    return "";
}

/// Every disk 1 MiB in "new-N.vmdk" of 1000 + N bytes, other files kept under their names if `keeps_others`.
std::string revised(const std::string& text, const Texts& names, bool keeps_others = true) {
    DescriptorRevision revision(bytes_of(text));
    std::vector<DescriptorRevision::NewFile> files;
    std::vector<ByteCount> lengths;
    for (const auto& reference : revision.match(names)) {
        if (reference.disk) {
            files.push_back({"new-" + std::to_string(*reference.disk) + ".vmdk", mib(1)});
            lengths.push_back({1000 + *reference.disk});
        } else if (keeps_others) {
            files.push_back({reference.name, {}});
            lengths.push_back({7});
        } else {
            files.push_back({});
        }
    }
    revision.apply(files);
    return revision.text(lengths);
}

/// Without everything that a revision may change.
std::string unchanging(const std::string& text) {
    pugi::xml_document document;
    REQUIRE(document.load_string(text.c_str(), pugi::parse_full | pugi::parse_ws_pcdata));
    for (const pugi::xpath_node& found : document.select_nodes("//*[local-name()='File'] | //*[local-name()='Disk']"))
        for (const char* name : {"href", "size", "compression", "chunkSize", "capacity", "capacityAllocationUnits",
                                 "format", "populatedSize", "parentRef"})
            found.node().remove_attribute((std::string("ovf:") + name).c_str());
    std::ostringstream out;
    document.save(out, "", pugi::format_raw);
    return out.str();
}

std::vector<std::filesystem::path> real_descriptors() {
    const char* corpus = std::getenv("VARVE_CORPUS");
    if (corpus == nullptr) return {};
    std::vector<std::filesystem::path> found;
    const std::filesystem::path folder = std::filesystem::path(corpus) / "vmware+govmomi";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.path().extension() == ".ovf") found.push_back(entry.path());
    std::ranges::sort(found);
    return found;
}

std::string text_of_file(const std::filesystem::path& path) { return std::string(text_of(read_file(path.string()))); }

}  // namespace

TEST_CASE("descriptor revision: in real descriptors only names, sizes and formats of files and disks change",
          "[ova][ovf]") {
    const auto descriptors = real_descriptors();
    if (descriptors.empty()) {
        WARN("skipped: VARVE_CORPUS names no folder");
        return;
    }
    std::size_t done = 0;
    for (const auto& path : descriptors) {
        CAPTURE(path.filename());
        const std::string text = text_of_file(path);
        pugi::xml_document document;
        if (!document.load_string(text.c_str())) {  // jeos_corrupted.ovf
            CHECK(refusal_of(text, {"x"}, ErrorCode::corrupt).find("is not XML") != std::string::npos);
            continue;
        }
        Texts names;
        for (const pugi::xpath_node& node : document.select_nodes("//Disk[@ovf:fileRef]"))
            for (const pugi::xpath_node& found : document.select_nodes(
                     ("//File[@ovf:id='" + std::string(node.node().attribute("ovf:fileRef").value()) + "']").c_str()))
                names.push_back("/src/a.ova/" + std::string(found.node().attribute("ovf:href").value()));
        if (names.empty()) continue;
        const std::string out = revised(text, names);
        CHECK(unchanging(out) == unchanging(text));
        const Ovf ovf(out);
        CHECK(ovf.all("//File[starts-with(@ovf:href, 'new-')]").size() == names.size());
        CHECK(ovf.all("//@ovf:populatedSize | //@ovf:chunkSize | //@ovf:compression | //@ovf:parentRef").empty());
        ++done;
    }
    CHECK(done >= 15);
}

TEST_CASE("descriptor revision: a chunked disk becomes a plain one", "[ova][ovf]") {
    for (const auto& path : real_descriptors()) {
        if (path.filename() != "nostalgia-chunkdisk.ovf") continue;
        const Ovf ovf(revised(text_of_file(path), {"whatever"}));
        CHECK(ovf.all("//File/@ovf:href") == Texts{"new-0.vmdk"});
        CHECK(ovf.all("//File/@ovf:size") == Texts{"1000"});
        CHECK(ovf.all("//Disk/@ovf:capacity") == Texts{"1048576"});
        CHECK(ovf.all("//rasd:HostResource") == Texts{"ovf:/disk/vmdisk1"});
        CHECK(ovf.all("//Name") == Texts{"Nostalgia"});
    }
}

TEST_CASE("descriptor revision: disks are matched by name, in whatever order they come", "[ova][ovf]") {
    const std::string two = envelope(file("a%20b.vmdk", "f1") + file("c.vmdk.gz", "f2", " ovf:compression=\"gzip\""),
                                     disk("d1", in_file("f1")) + disk("d2", in_file("f2")));
    for (const std::string first : {"/p/x.ova/a b.vmdk", "a%20b.vmdk"}) {
        const Ovf ovf(revised(two, {"/p/x.ova/c.vmdk.gz", first}));
        CHECK(ovf.all("//File/@ovf:href") == Texts{"new-1.vmdk", "new-0.vmdk"});
        CHECK(ovf.all("//File/@ovf:size") == Texts{"1001", "1000"});
        CHECK(ovf.all("//@ovf:compression").empty());
    }
    CHECK(refusal_of(two, {"a b.vmdk"}).find("its disk 'd2' is not among") == 0);
    CHECK(refusal_of(two, {"a b.vmdk", "x.vmdk"}) == "it has no disk 'x.vmdk'");
    CHECK(refusal_of(two, {"a b.vmdk", "a b.vmdk"}) == "more than one disk is 'a b.vmdk'");
    CHECK(refusal_of(two, {"a b.vmdk", "c.vmdk.gz", "e"}) == "it has no disk 'e'");
}

TEST_CASE("descriptor revision: a single disk is the descriptor's single disk", "[ova][ovf]") {
    const std::string one = envelope(file("a.vmdk", "f1"), disk("d1", in_file("f1")));
    CHECK(refusal_of(one, {"other.qcow2"}).empty());
    CHECK(refusal_of(one, {"-"}).empty());
    const std::string with_empty = envelope(file("a.vmdk", "f1"), disk("d1", in_file("f1")) + disk("d2", ""));
    CHECK(refusal_of(with_empty, {"other.qcow2"}).empty());
    CHECK(refusal_of(with_empty, {"d2"}).find("its disk 'd1'") == 0);
    CHECK(refusal_of(envelope("", ""), {"a"}) == "it has no disk 'a'");
}

TEST_CASE("descriptor revision: an empty disk gets a file, or stays as it is", "[ova][ovf]") {
    const std::string text =
        envelope(file("a.vmdk", "f1") + file("nvram", "f2"),
                 disk("d1", in_file("f1")) + disk("d2", "ovf:capacity=\"5\"") + disk("d3", "ovf:capacity=\"6\""));
    const Ovf left(revised(text, {"x.ova/a.vmdk"}));
    CHECK(left.all("//File/@ovf:id") == Texts{"f1", "f2"});
    CHECK(left.all("//Disk/@ovf:capacity") == Texts{"1048576", "5", "6"});
    const Ovf filled(revised(text, {"x.ova/d3", "x.ova/a.vmdk", "x.ova/d2"}));
    const Texts ids = filled.all("//File/@ovf:id");
    REQUIRE(ids.size() == 4);
    CHECK(filled.all("//Disk/@ovf:fileRef") == Texts{"f1", filled.all("//File[@ovf:href='new-2.vmdk']/@ovf:id").at(0),
                                                     filled.all("//File[@ovf:href='new-0.vmdk']/@ovf:id").at(0)});
    CHECK(ids.front() == "f1");
    CHECK(ids.back() == "f2");
    CHECK(filled.all("//Disk/@ovf:capacity") == Texts{"1048576", "1048576", "1048576"});
}

TEST_CASE("descriptor revision: a file that is not packed is removed, with everything that points to it",
          "[ova][ovf]") {
    const std::string text = envelope(
        file("a.vmdk", "f1") + file("cd.iso", "f2") + file("a.nvram", "f3"), disk("d1", in_file("f1")),
        "<Strings ovf:fileRef=\"f3\" xml:lang=\"de\"/>"
        "<Item><rasd:HostResource> ovf:/file/f2 </rasd:HostResource><rasd:ElementName>CD</rasd:ElementName></Item>"
        "<Item><rasd:HostResource>ovf:/disk/d1</rasd:HostResource></Item>"
        "<vmw:ExtraConfig vmw:key=\"nvram\" vmw:value=\"ovf:/file/f3\"/>");
    const Ovf without(revised(text, {"a.vmdk"}, false));
    CHECK(without.all("//File/@ovf:id") == Texts{"f1"});
    CHECK(without.all("//rasd:HostResource") == Texts{"ovf:/disk/d1"});
    CHECK(without.all("//rasd:ElementName") == Texts{"CD"});
    CHECK(without.all("//vmw:ExtraConfig").empty());
    CHECK(without.all("//Strings").empty());
    const Ovf with(revised(text, {"a.vmdk"}));
    CHECK(with.all("//File/@ovf:href") == Texts{"new-0.vmdk", "cd.iso", "a.nvram"});
    CHECK(with.all("//rasd:HostResource").size() == 2);
    CHECK(with.all("//vmw:ExtraConfig/@vmw:value") == Texts{"ovf:/file/f3"});
}

TEST_CASE("descriptor revision: a disk stays even if it names a file that is not packed", "[ova][ovf]") {
    // Found by fuzzing: a fileRef of a foreign namespace made the disk look as if it belonged to a removed file.
    const std::string kept = envelope(file("a.vmdk", "f1") + file("b", "f2"),
                                      disk("d1", in_file("f1")) + disk("d2", "x:fileRef=\"f2\" ovf:capacity=\"1\""));
    const std::string text = revised(kept, {"a.vmdk", "d2"}, false);
    CHECK(text.find("diskId=\"d2\"") != std::string::npos);
    CHECK(text.find("new-1.vmdk") != std::string::npos);
}

TEST_CASE("descriptor revision: a capacity that is correct in its own unit stays unchanged", "[ova][ovf]") {
    const auto capacity = [](const std::string& number, const std::string& unit) {
        const std::string words = "ovf:fileRef=\"f1\" ovf:capacity=\"" + number + "\"" +
                                  (unit.empty() ? "" : " ovf:capacityAllocationUnits=\"" + unit + "\"");
        const Ovf ovf(revised(envelope(file("a", "f1"), disk("d1", words)), {"a"}));
        const Texts units = ovf.all("//Disk/@ovf:capacityAllocationUnits");
        return ovf.all("//Disk/@ovf:capacity").at(0) + "|" + (units.empty() ? "" : units[0]);
    };
    CHECK(capacity("1048576", "") == "1048576|");
    CHECK(capacity("1", "byte * 2^20") == "1|byte * 2^20");
    CHECK(capacity("1024", "byte*2^10") == "1024|byte*2^10");
    CHECK(capacity("2", "byte * 2^20") == "1048576|byte");
    CHECK(capacity("1", "MegaBytes") == "1|MegaBytes");
    CHECK(capacity("1", "furlongs") == "1048576|byte");
    CHECK(capacity("${size}", "byte") == "1048576|byte");
    CHECK(capacity("18446744073709551615", "byte * 2^63") == "1048576|byte");
    CHECK(capacity("-1", "byte * 2^64") == "1048576|byte");
}

TEST_CASE("descriptor revision: comments, blanks, CDATA and other vendors' elements survive", "[ova][ovf]") {
    const std::string odd =
        "<!-- a --><?pi x?><v:x xmlns:v=\"q\" a=\"&quot;&lt;&amp;\">\n\t t &amp; <![CDATA[<c>]]></v:x>";
    const std::string text = envelope(file("a", "f1"), disk("d1", in_file("f1")), odd);
    CHECK(revised(text, {"a"}).find(odd) != std::string::npos);
}

TEST_CASE("descriptor revision: the machine's name is changed where it is stated", "[ova][ovf]") {
    DescriptorRevision revision(bytes_of(envelope(file("a", "f1"), disk("d1", in_file("f1")))));
    const Texts names{"a"};
    revision.match(names);
    const std::vector<DescriptorRevision::NewFile> files{{"b.vmdk", mib(1)}};
    revision.apply(files);
    revision.set_machine_name("other <1>");
    const std::vector<ByteCount> lengths{{5}};
    CHECK(Ovf(revision.text(lengths)).all("//VirtualSystem/Name") == Texts{"other <1>"});
}

TEST_CASE("descriptor revision: texts that are not descriptors are refused", "[ova][ovf]") {
    const std::string good = envelope(file("a", "f1"), disk("d1", in_file("f1")));
    const auto with_doctype = [&](const std::string& type) {
        std::string text = good;
        return text.insert(text.find("<Envelope"), type);
    };
    CHECK(refusal_of(with_doctype("<!DOCTYPE Envelope SYSTEM \"/etc/passwd\">")).find("document type") !=
          std::string::npos);
    CHECK(refusal_of(with_doctype("<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>")).find("document type") !=
          std::string::npos);
    CHECK(refusal_of(good + std::string((16 << 20) + 1, ' ')).find("16777216") != std::string::npos);
    std::string deep;
    for (int i = 0; i < 100000; ++i) deep += "<a>";
    for (int i = 0; i < 100000; ++i) deep += "</a>";
    CHECK(refusal_of(envelope("", "", deep)).find("more than 200 deep") != std::string::npos);
    CHECK(refusal_of("", {"x"}, ErrorCode::corrupt).find("is not XML") != std::string::npos);
    CHECK(refusal_of("<html/>", {"x"}, ErrorCode::corrupt) == "its root is not an Envelope");
    CHECK(refusal_of(envelope(file("a", "f1") + file("b", "f1"), ""), {"x"}, ErrorCode::corrupt).find("'f1'") !=
          std::string::npos);
    CHECK(refusal_of(envelope(file("a", "f1"), disk("d", in_file("f1")) + disk("d", "")), {"x"}, ErrorCode::corrupt)
              .find("'d'") != std::string::npos);
    CHECK(refusal_of(envelope(file("a", "f1"), disk("d", in_file("f2"))), {"x"}, ErrorCode::corrupt).find("'f2'") !=
          std::string::npos);
    CHECK(
        refusal_of(envelope(file("a", "f1"), disk("d", in_file("f1")) + disk("e", in_file("f1")))).find("two disks") ==
        0);
}

TEST_CASE("descriptor revision: every truncation and bit flip is refused or gives XML", "[ova][ovf]") {
    const std::string good =
        envelope(file("a.vmdk", "f1") + file("n", "f2"), disk("d1", in_file("f1")) + disk("d2", ""),
                 "<Item><rasd:HostResource>ovf:/file/f2</rasd:HostResource></Item>");
    const auto try_one = [](const std::string& text) {
        try {
            const std::string out = revised(text, {"a.vmdk"}, false);
            pugi::xml_document document;
            return document.load_string(out.c_str()) ? 1 : -1;
        } catch (const Error&) {
            return 0;
        }
    };
    std::size_t right = 0;
    for (std::size_t length = 0; length < good.size(); ++length) {
        CAPTURE(length);
        const int result = try_one(good.substr(0, length));
        CHECK(result >= 0);
        right += static_cast<std::size_t>(result > 0);
    }
    CHECK(right <= 1);  // complete without the last newline
    const unsigned seed = 20261123;
    std::mt19937 random(seed);
    for (int round = 0; round < 4000; ++round) {
        std::string text = good;
        for (int flips = 0; flips <= round % 3; ++flips)
            text[random() % text.size()] ^= static_cast<char>(1 << random() % 8);
        CAPTURE(seed, round, text);
        REQUIRE(try_one(text) >= 0);
    }
}

}  // namespace varve::descriptor_revision_test
