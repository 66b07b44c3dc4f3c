#include "formats/base/foreign_name.h"

#include "tests/catch.h"

using namespace varve;

TEST_CASE("foreign name: a path from another host is also searched by its last part", "[formats][foreign_name]") {
    using Names = std::vector<std::string>;
    CHECK(names_here("base.vmdk") == Names{"base.vmdk"});
    CHECK(names_here("../base/base.vmdk") == Names{"../base/base.vmdk"});
    CHECK(names_here("/vmfs/volumes/ds/vm/base.vmdk") == Names{"/vmfs/volumes/ds/vm/base.vmdk", "base.vmdk"});
    CHECK(names_here("C:\\VMs\\a b\\base.vmdk") == Names{"base.vmdk"});
    CHECK(names_here("d:/VMs/base.vmdk") == Names{"base.vmdk"});
    CHECK(names_here("\\\\host\\share\\base.vmdk") == Names{"base.vmdk"});
    CHECK(names_here("..\\base\\base.vmdk") == Names{"../base/base.vmdk"});
    CHECK(names_here("a\\b/c.vmdk") == Names{"a\\b/c.vmdk"});
    CHECK(names_here("/vmfs/volumes/") == Names{"/vmfs/volumes/"});
    CHECK(names_here("C:\\") == Names{"C:\\"});
    CHECK(names_here("[datastore 1] vm/base.vmdk") == Names{"[datastore 1] vm/base.vmdk", "base.vmdk"});
    CHECK(names_here("[datastore1] base.vmdk") == Names{"[datastore1] base.vmdk", "base.vmdk"});
    CHECK(names_here("nbd://host/x") == Names{"nbd://host/x"});
}
