#include "cli/backup/disk_mixup.h"

#include "tests/catch.h"

using namespace varve;

TEST_CASE("disk mix-up: a name resembles one that differs in case, separators, zeros or by one letter", "[cli]") {
    const std::vector<std::string> disks{"db01", "web01/vda"};
    for (const char* name :
         {"Web01/vda", "web01-vda", "web1/vda", "web001/vda", "wbe01/vda", "we01/vda", "webb01/vda"}) {
        CAPTURE(name);
        CHECK(resembling_disk(name, disks) == "web01/vda");
    }
}

TEST_CASE("disk mix-up: names that count differently are different disks", "[cli]") {
    const std::vector<std::string> disks{"db01", "web01/vda", "disk-a"};
    for (const char* name : {"web02/vda", "web01/vdb", "web11/vda", "db02", "mail", "disk-b", "web01/vda"}) {
        CAPTURE(name);
        CHECK(resembling_disk(name, disks).empty());
    }
}
