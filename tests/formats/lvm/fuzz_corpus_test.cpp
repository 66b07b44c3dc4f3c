// The seeds of the fuzz targets for LVM's metadata match their names, so that fuzzing starts from valid inputs.

#include <filesystem>
#include <set>

#include "formats/lvm/inventory.h"
#include "formats/lvm/volume_group_parser.h"
#include "tests/catch.h"
#include "tests/formats/lvm/host_disks.h"
#include "tests/support/build_paths.h"
#include "tests/support/writer_support.h"

namespace varve::lvm_test {
namespace {

using writer_test::read_file;

std::filesystem::path corpus(const std::string& name) { return test::source_path("tests/fuzz/corpus/" + name); }

/// The outcome for a seed: the names and seqnos of its groups, or the code of the refusal.
std::string outcome(const Bytes& bytes) {
    std::string groups;
    const auto code = refusal_code([&] {
        const auto disk = std::make_shared<ChangedDisk>(bytes);
        for (const auto& found : lvm::take_inventory(lvm::find_physical_volumes(disk, "seed")).groups)
            groups += found.group.name + " " + std::to_string(found.group.seqno);
    });
    if (!code) return groups.empty() ? "no group" : groups;
    return *code == ErrorCode::unsupported ? "unsupported" : *code == ErrorCode::refused ? "refused" : "other";
}

}  // namespace

TEST_CASE("lvm fuzz corpus: every seed disk matches its name", "[lvm][fuzz-corpus]") {
    const auto seed = [](const std::string& name) { return outcome(read_file(corpus("lvm_label") / name)); };
    for (const char* name : {"whole-disk", "wrapped", "mbr", "gpt"}) {
        CAPTURE(name);
        CHECK(seed(name) == "vg 1");
    }
    for (const char* name : {"ignored", "no-area", "sector-3"}) CHECK(seed(name) == "no group");
    for (const char* name : {"luks", "lvm1"}) CHECK(seed(name) == "unsupported");
    CHECK(seed("two-areas") == "vg 4");
    CHECK(seed("same-seqno") == "refused");
}

TEST_CASE("lvm fuzz corpus: every seed text is a volume group", "[lvm][fuzz-corpus]") {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(corpus("lvm_text"))) {
        const Bytes text = read_file(entry.path());
        names.insert(lvm::parse_volume_group(text_of(text), entry.path().string()).name);
    }
    CHECK(names == std::set<std::string>{"vg-lin.a", "vg_stripes", "vg3", "vgs", "vgt", "vgx", "vgexp"});
}

}  // namespace varve::lvm_test
