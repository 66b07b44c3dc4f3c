// What reading an image reveals about the source below it (a table that had to be read from its copy) is reported by
// every format that is read from that source.

#include <algorithm>

#include "engine/base/error.h"
#include "engine/image/image_writer.h"
#include "formats/base/reader_source.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/registry.h"
#include "tests/catch.h"
#include "tests/fakes/failing_image.h"
#include "tests/support/reader_support.h"
#include "tests/support/writer_support.h"

namespace varve::reader_test {

TEST_CASE("late warnings: every format passes on those of the source it is read from", "[formats]") {
    ScratchFolder folder;
    for (const std::string_view name : format_registry().readable()) {
        CAPTURE(name);
        const FormatDescriptor& format = format_registry().at(name);
        if (format.writing == nullptr) continue;
        const std::string path = folder.file("disk." + std::string(name));
        CreateOptions created{std::string(name), mib(1), Overwrite::refuse, {}, {}};
        if (is_encrypted_image(name, {})) created.secret = std::make_shared<crypt::SecretFile>(bytes_of("secret"));
        create_image(path, created)->finish();
        const Bytes bytes = writer_test::read_file(path);
        fakes::MemoryImage below(bytes.size());
        below.write(0, bytes);
        const auto found = std::make_shared<fakes::FailingImage>(below, std::vector<ByteRange>{});

        LayerRequest request;
        request.is_top = true;
        request.open_extent = [](const std::string& other, std::vector<std::string>&) -> ByteSourcePtr {
            throw Error(ErrorCode::not_found, "there is only one file, and '" + other + "' is another");
        };
        request.secret = created.secret;
        request.caches = std::make_shared<ReadCaches>();
        const Layer layer = format.open(std::make_shared<const ReaderSource>(found, "lvm:vg/lv"), request);
        CHECK(layer.reader->late_warnings().empty());
        found->found = {"a table was read from its copy"};
        CHECK(layer.reader->late_warnings() == found->found);
    }
}

}  // namespace varve::reader_test
