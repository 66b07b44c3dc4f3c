// Disks of several Parallels images: a folder, or the descriptor in it, is read as one disk, in its current state or in
// that of a snapshot.

#include <filesystem>
#include <fstream>
#include <set>

#include "engine/base/error.h"
#include "tests/catch.h"
#include "tests/contract/image_reader_contract.h"
#include "tests/formats/parallels/builder.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

namespace fs = std::filesystem;
using parallels_test::Description;
using parallels_test::guid;
using parallels_test::Image;

const std::string usual_top = "{5fbaabe3-6958-40ff-92a7-860e329aab41}";
constexpr std::uint64_t disk_sectors = 64;
constexpr std::size_t piece_bytes = 4096;  // a cluster

/// An image with the clusters that `letters` names; '.' is one that it does not hold.
Image image_of(const std::string& letters) {
    Image image(letters.size() * 8, 8);
    for (std::uint32_t i = 0; i < letters.size(); ++i)
        if (letters[i] != '.') image.put(i, Bytes(piece_bytes, static_cast<std::byte>(letters[i])));
    return image;
}

/// The letter of each cluster of a disk; '.' for zeros.
std::string letters_of(const ImageReader& reader) {
    const Bytes all = read_all(reader);
    std::string letters;
    for (std::size_t at = 0; at < all.size(); at += piece_bytes)
        letters += all[at] == std::byte{} ? '.' : static_cast<char>(all[at]);
    return letters;
}

/// The folder of a disk: a first state, one in the middle, and the current one; another state branches off the first.
struct Disk {
    Disk() {
        fs::create_directory(path());
        image_of("aaaa....").save(path("first.hds"));
        image_of(".b..bb..").save(path("middle.hds"));
        image_of("..c..c.c").save(path("top.hds"));
        image_of("x......x").save(path("branch.hds"));
        description.sectors = disk_sectors;
        description.parts = {
            {0,
             disk_sectors,
             {{usual_top, "top.hds"}, {guid(1), "first.hds"}, {guid(2), "middle.hds"}, {guid(3), "branch.hds"}}}};
        description.states = {{guid(1)}, {guid(2), guid(1)}, {guid(3), guid(1)}, {usual_top, guid(2)}};
        description.save(xml());
    }
    std::string path() const { return folder.file("web.hdd"); }
    std::string path(const std::string& name) const { return path() + "/" + name; }
    std::string xml() const { return path("DiskDescriptor.xml"); }
    /// What opening the disk with this descriptor says.
    std::string refusal(const std::function<void(Description&)>& change) const {
        Description changed = description;
        change(changed);
        changed.save(xml());
        return refusal_of(xml());
    }

    ScratchFolder folder;
    Description description;
};

OpenOptions snapshot(const std::string& name) { return {{.snapshot = name}}; }

}  // namespace

TEST_CASE("parallels disk: the current state is read through all that it is based on", "[parallels][disk]") {
    const Disk disk;
    for (const std::string& path : {disk.xml(), disk.path(), disk.path() + "/"}) {
        CAPTURE(path);
        const auto reader = open_image(path);
        CHECK(letters_of(*reader) == "abcabc.c");
        CHECK(reader->info().format == "parallels");
        CHECK(reader->info().cluster_size == kib(4));
        CHECK(reader->info().warnings.empty());
        CHECK(reader->info().state.empty());
        contract::check_image_reader(*reader, read_all(*reader));
    }
    CHECK(open_image(disk.xml())->extent_at(ByteOffset{6 * piece_bytes}).kind == ExtentKind::unallocated);
}

TEST_CASE("parallels disk: the files of the state that is read belong to the chain", "[parallels][disk]") {
    const Disk disk;
    std::vector<std::string> files;
    for (const LayerInfo& layer : open_image_chain(disk.xml()).layers)
        files.push_back(fs::path(layer.path).filename().string());
    CHECK(files == std::vector<std::string>{"DiskDescriptor.xml", "first.hds", "middle.hds", "top.hds", "branch.hds"});
}

TEST_CASE("parallels disk: every snapshot is listed with the time of its image and can be read", "[parallels][disk]") {
    const Disk disk;
    const auto time = fs::file_time_type::clock::now() - std::chrono::hours(48);
    fs::last_write_time(disk.path("branch.hds"), time);
    fs::last_write_time(disk.path("first.hds"), time + std::chrono::hours(1));
    const auto snapshots = open_image(disk.xml())->info().snapshots;
    REQUIRE(snapshots.size() == 3);
    CHECK(snapshots[0].id == guid(1).substr(1, 36));
    CHECK(snapshots[0].name == snapshots[0].id);
    CHECK(snapshots[0].size == ByteCount{disk_sectors * 512});
    CHECK(snapshots[2].time_ns > 0);
    CHECK(snapshots[0].time_ns - snapshots[2].time_ns == std::int64_t{3600} * 1'000'000'000);
    const std::vector<std::pair<std::string, std::string>> states{
        {guid(1), "aaaa...."}, {guid(2), "abaabb.."}, {guid(3), "xaaa...x"}};
    std::set<std::string> identities;
    for (const auto& [name, letters] : states) {
        for (const std::string& spelled : {name, name.substr(1, 36), "id:" + name.substr(1, 36)}) {
            CAPTURE(spelled);
            const auto reader = open_image(disk.path(), snapshot(spelled));
            CHECK(letters_of(*reader) == letters);
            identities.insert(reader->info().state);
        }
    }
    CHECK(identities.size() == 3);
    CHECK_FALSE(identities.contains(""));
    CHECK(open_image_chain(disk.xml()).changes == nullptr);
}

TEST_CASE("parallels disk: a snapshot that does not exist is named with those that do", "[parallels][disk]") {
    const Disk disk;
    CHECK_THAT(refusal_of(disk.xml(), snapshot("before update")),
               ContainsSubstring("no snapshot 'before update'") && ContainsSubstring(guid(3).substr(1, 36)));
    CHECK_THAT(refusal_of(disk.xml(), snapshot(guid(9))), ContainsSubstring("has no snapshot"));
    CHECK_THAT(refusal_of(disk.xml(), snapshot(usual_top)), ContainsSubstring("is the current state: omit --snapshot"));
}

TEST_CASE("parallels disk: a snapshot of another branch whose image is missing is left out", "[parallels][disk]") {
    const Disk disk;
    fs::remove(disk.path("branch.hds"));
    const auto reader = open_image(disk.xml());
    CHECK(letters_of(*reader) == "abcabc.c");
    CHECK(reader->info().snapshots.size() == 2);
    REQUIRE(reader->info().warnings.size() == 1);
    CHECK_THAT(reader->info().warnings[0], ContainsSubstring("was left out") && ContainsSubstring("branch.hds"));
    CHECK_THAT(refusal_of(disk.xml(), snapshot(guid(3))), ContainsSubstring("branch.hds"));
}

TEST_CASE("parallels disk: TopGUID names the current state, whatever the usual one is", "[parallels][disk]") {
    Disk disk;
    disk.description.top = guid(3);
    disk.description.save(disk.xml());
    CHECK(letters_of(*open_image(disk.xml())) == "xaaa...x");
    CHECK(letters_of(*open_image(disk.xml(), snapshot(usual_top))) == "abcabc.c");
    // Without either, the only state that no other is based on.
    disk.description.top.clear();
    disk.description.parts[0].images[0].guid = guid(4);
    disk.description.states = {{guid(1)}, {guid(2), guid(1)}, {guid(4), guid(2)}};
    disk.description.save(disk.xml());
    CHECK(letters_of(*open_image(disk.xml())) == "abcabc.c");
    disk.description.states.push_back({guid(3), guid(1)});
    disk.description.save(disk.xml());
    CHECK_THAT(refusal_of(disk.xml()), ContainsSubstring("expected a TopGUID") && ContainsSubstring("found 2"));
}

TEST_CASE("parallels disk: a disk without a list of states is its one image", "[parallels][disk]") {
    Disk disk;
    disk.description.states.clear();
    disk.description.parts[0].images = {{guid(7), "first.hds"}};
    disk.description.save(disk.xml());
    const auto reader = open_image(disk.xml());
    CHECK(letters_of(*reader) == "aaaa....");
    CHECK(reader->info().snapshots.empty());
}

TEST_CASE("parallels disk: parts of a split disk follow each other, plain and expanding ones", "[parallels][disk]") {
    Disk disk;
    image_of("a.aa").save(disk.path("0.hds"));
    Bytes plain(2 * piece_bytes, std::byte{'p'});
    write_file(disk.path("1.hds"), plain);
    image_of("d.").save(disk.path("2.hds"));
    image_of(".n..").save(disk.path("0 new.hds"));
    image_of(".n").save(disk.path("1 new.hds"));
    image_of("..").save(disk.path("2 new.hds"));
    disk.description.parts = {{48, 64, {{guid(1), "2.hds"}, {usual_top, "2 new.hds"}}},  // in any order
                              {0, 32, {{usual_top, "0 new.hds"}, {guid(1), "0.hds"}}},
                              {32, 48, {{guid(1), "1.hds", "Plain"}, {usual_top, "1 new.hds"}}}};
    disk.description.states = {{guid(1)}, {usual_top, guid(1)}};
    disk.description.save(disk.xml());
    const auto reader = open_image(disk.path());
    CHECK(letters_of(*reader) == "anaapnd.");
    CHECK(reader->info().features == std::vector<std::string>{"split"});
    contract::check_image_reader(*reader, read_all(*reader));
    CHECK(letters_of(*open_image(disk.path(), snapshot(guid(1)))) == "a.aappd.");
    CHECK_THAT(disk.refusal([](Description& d) { d.parts.pop_back(); }),
               ContainsSubstring("expected a part of the disk that starts at sector 32, found the next at 48"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[1].end = 40; }), ContainsSubstring("starts at sector 40"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts.erase(d.parts.begin()); }),
               ContainsSubstring("expected parts up to sector 64, the disk's end, found the last end at 48"));
}

TEST_CASE("parallels disk: an image shorter than its part is refused, but an earlier state may be of a smaller disk",
          "[parallels][disk]") {
    Disk disk;
    image_of("qqqq").save(disk.path("first.hds"));
    CHECK(letters_of(*open_image(disk.path())) == "qbcqbc.c");
    const auto first = open_image(disk.path(), snapshot(guid(1)));
    CHECK(letters_of(*first) == "qqqq....");
    contract::check_image_reader(*first, read_all(*first));
    image_of("qqqq").save(disk.path("top.hds"));
    CHECK_THAT(refusal_of(disk.path()), ContainsSubstring("expected 32768 bytes from sector 0 on in the image "
                                                          "'top.hds', found 16384"));
}

TEST_CASE("parallels disk: names of files from another host lead to files in the folder", "[parallels][disk]") {
    Disk disk;
    auto& images = disk.description.parts[0].images;
    images[0].file = "/Users/me/Parallels/web.pvm/web.hdd/top.hds";
    images[1].file = "C:\\machines\\web.hdd\\first.hds";
    images[2].file = "./middle.hds";
    disk.description.save(disk.xml());
    CHECK(letters_of(*open_image(disk.xml())) == "abcabc.c");
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[0].file = "/etc/passwd"; }),
               ContainsSubstring("DiskDescriptor.xml"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[0].file = "../../x"; }),
               ContainsSubstring("DiskDescriptor.xml"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[0].file = "nbd://host/x"; }),
               ContainsSubstring("nbd"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[0].file = "first.hds"; }),
               ContainsSubstring("occurs twice"));
}

TEST_CASE("parallels disk: one image of a disk is not read for the whole", "[parallels][disk]") {
    const Disk disk;
    CHECK_THAT(refusal_of(disk.path("top.hds")),
               ContainsSubstring("one of several images of a disk; open 'DiskDescriptor.xml' beside it"));
    CHECK_THAT(refusal_of(disk.path("middle.hds")), ContainsSubstring("with --snapshot " + guid(2).substr(1, 36)));
    const auto first = open_image(disk.path("first.hds"));
    REQUIRE(first->info().warnings.size() == 1);
    CHECK_THAT(first->info().warnings[0], ContainsSubstring("holds an earlier state"));
    image_of("z").save(disk.path("other.hds"));
    CHECK(open_image(disk.path("other.hds"))->info().warnings.empty());
    write_file(disk.xml(), Bytes(3));
    CHECK(open_image(disk.path("top.hds"))->info().warnings.empty());
}

TEST_CASE("parallels disk: states that are missing, or based on themselves, are refused", "[parallels][bad-input]") {
    const Disk disk;
    CHECK_THAT(disk.refusal([](Description& d) { d.states[0].parent = usual_top; }),
               ContainsSubstring("is based on itself"));
    CHECK_THAT(disk.refusal([](Description& d) { d.states[3].parent = usual_top; }),
               ContainsSubstring("is based on itself"));
    CHECK_THAT(disk.refusal([](Description& d) { d.states[1].parent = guid(8); }),
               ContainsSubstring("expected a Shot with the GUID 88888888-0000-4000-8000-000000000000, found none"));
    CHECK_THAT(disk.refusal([](Description& d) { d.top = guid(8); }), ContainsSubstring("expected a Shot"));
    CHECK_THAT(disk.refusal([](Description& d) { d.states[1].guid = usual_top; }),
               ContainsSubstring("another GUID for each snapshot"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[2].guid = guid(9); }),
               ContainsSubstring("expected an Image with the GUID 22222222-0000-4000-8000-000000000000"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[2].guid = guid(1); }),
               ContainsSubstring("belongs to an earlier image"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[2].type = "Plain"; }),
               ContainsSubstring("is based on another, but Plain"));
    CHECK_THAT(disk.refusal([](Description& d) {
        std::string below = "{00000000-0000-0000-0000-000000000000}";
        d.states.clear();
        for (unsigned i = 0; i < 300; ++i) {
            std::string one = guid(1);
            const std::string digits = std::to_string(1000 + i);
            one.replace(10, 4, digits);
            d.states.push_back({one, below});
            below = one;
        }
        d.top = below;
    }),
               ContainsSubstring("based on more than 255 others"));
}

TEST_CASE("parallels disk: what a descriptor may not say is refused by name", "[parallels][bad-input]") {
    const Disk disk;
    const auto parameters = [&](const std::string& text) {
        return disk.refusal([&](Description& d) { d.more_parameters = text; });
    };
    CHECK_THAT(parameters("<Padding>1</Padding>"), ContainsSubstring("element 'Padding': '1'"));
    CHECK_THAT(parameters("<LogicSectorSize>4096</LogicSectorSize>"), ContainsSubstring("'LogicSectorSize': '4096'"));
    CHECK_THAT(parameters("<Encryption><Engine>{11111111-0000-4000-8000-000000000000}</Engine></Encryption>"),
               ContainsSubstring("the disk is encrypted"));
    CHECK(parameters("<Encryption><Engine>{00000000-0000-0000-0000-000000000000}</Engine></Encryption>").empty());
    CHECK_THAT(disk.refusal([](Description& d) { d.version = "2.0"; }), ContainsSubstring("version '2.0'"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[0].type = "Sparse"; }),
               ContainsSubstring("an image of the type 'Sparse'"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[0].guid = "{1}"; }),
               ContainsSubstring("expected a GUID, found '{1}'"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images[0].file = ""; }),
               ContainsSubstring("expected a name of 1 to 4096 bytes, found 0"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].images.clear(); }),
               ContainsSubstring("expected an element 'Image', found none"));
    CHECK_THAT(disk.refusal([](Description& d) { d.sectors = std::uint64_t{1} << 55; }),
               ContainsSubstring("expected a number of sectors up to"));
    CHECK_THAT(disk.refusal([](Description& d) { d.parts[0].end = 0; }),
               ContainsSubstring("expected an End after Start, found 0 and 0"));
}

TEST_CASE("parallels disk: hostile XML is refused", "[parallels][bad-input]") {
    const Disk disk;
    const std::string good = disk.description.text();
    const auto refusal = [&](const std::string& text) {
        std::ofstream(disk.xml(), std::ios::binary) << text;
        return refusal_of(disk.xml(), {{.format = "parallels"}});
    };
    CHECK(refusal(good).empty());
    CHECK(refusal("\xef\xbb\xbf" + good).empty());
    std::string typed = good;
    typed.insert(typed.find("<Parallels"), "<!DOCTYPE x [<!ENTITY a SYSTEM \"/etc/passwd\">]>\n");
    CHECK_THAT(refusal(typed), ContainsSubstring("document type (DOCTYPE)"));
    CHECK_THAT(refusal(good + std::string(5 << 20, ' ')), ContainsSubstring("at most 4194304 bytes"));
    std::string many = good;
    for (int i = 0; i < 18; ++i) many += many.size() < (3 << 20) ? std::string(1 << 18, '<') : "";
    CHECK_THAT(refusal(many), ContainsSubstring("at most 262144 tags"));
    CHECK_THAT(refusal(good + '\0'), ContainsSubstring("found a NUL"));
    for (std::size_t length = good.size() - 2; length > good.find("<Parallels_disk_image") + 30; length -= 11) {
        CAPTURE(length);
        CHECK_THAT(refusal(good.substr(0, length)), ContainsSubstring(disk.xml()));
    }
}

}  // namespace varve::reader_test
