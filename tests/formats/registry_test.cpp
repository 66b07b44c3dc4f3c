// The registry of formats: every descriptor is complete, and a new format needs only one line.

#include "formats/registry.h"

#include <algorithm>
#include <set>

#include "engine/base/ascii.h"
#include "engine/base/progress.h"
#include "engine/image/copy_image.h"
#include "formats/chain/probe.h"
#include "formats/create_image.h"
#include "formats/creation_options.h"
#include "formats/guard/file_source.h"
#include "formats/open_image.h"
#include "formats/qcow2/format.h"
#include "formats/raw/format.h"
#include "tests/catch.h"
#include "tests/formats/toy/format.h"
#include "tests/support/reader_support.h"

namespace varve::reader_test {
namespace {

/// The list of a program that also knows the toy: one more line.
const FormatList& with_toy() {
    static const FormatList formats{&raw::descriptor(), &qcow2::descriptor(), &toy::descriptor()};
    return formats;
}

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

void copy_to(const ImageReader& source, const std::string& path, const std::string& format) {
    NoProgress none;
    CreateOptions options{format, source.info().virtual_size};
    const auto writer = create_image(path, options, with_toy());
    copy_image(source, *writer, none, {});
    writer->finish();
}

}  // namespace

TEST_CASE("registry: names and extensions are unique, and every format has a noun phrase", "[formats][registry]") {
    std::set<std::string_view> names;
    std::set<std::string_view> extensions;
    for (const FormatDescriptor* format : format_registry().all()) {
        CAPTURE(format->name);
        CHECK(names.insert(format->name).second);
        CHECK_FALSE(format->name.empty());
        CHECK((format->noun.starts_with("a ") || format->noun.starts_with("an ")));
        CHECK(format->has_magic != nullptr);
        for (const auto list : {format->extensions, format->other_extensions}) {
            for (const std::string_view extension : list) {
                CAPTURE(extension);
                CHECK(extensions.insert(extension).second);
                CHECK(extension == ascii_lower(extension));
                CHECK(extension.find('.') == extension.npos);
            }
        }
    }
}

TEST_CASE("registry: only formats that are read can be opened, and refused ones are never written",
          "[formats][registry]") {
    for (const FormatDescriptor* format : format_registry().all()) {
        CAPTURE(format->name);
        CHECK((format->open != nullptr) == (format->use == FormatUse::image));
        const bool is_refused = format->use == FormatUse::unread;
        CHECK((!is_refused || format->writing == nullptr));
        CHECK((is_refused || format->way_out == nullptr));
    }
}

TEST_CASE("registry: a format that is written has an extension, options with help, and limits", "[formats][registry]") {
    for (const FormatDescriptor* format : format_registry().all()) {
        if (format->writing == nullptr) continue;
        CAPTURE(format->name);
        CHECK_FALSE(format->extensions.empty());
        CHECK(format->writing->create != nullptr);
        CHECK(format->writing->alignment.value > 0);
        CHECK(format->writing->virtual_size_max({}).value > 0);
        CHECK_NOTHROW(format->writing->check({}));
        const std::vector<OptionWord> words = format->writing->option_words();
        CHECK_FALSE(words.empty());
        for (const OptionWord& word : words) {
            CAPTURE(word.name);
            CHECK_FALSE(word.name.empty());
            CHECK_FALSE(word.values.empty());
            CHECK_FALSE(word.meaning.empty());
        }
    }
}

TEST_CASE("registry: with its one line, a toy format is recognised, listed and read", "[formats][registry]") {
    ScratchFolder folder;
    const std::string path = folder.file("disk");
    write_file(path, bytes_of("TOY1the disk of a toy"));
    CHECK(probe_format(*open_file_source(path), format_registry()) == nullptr);
    CHECK(probe_format(*open_file_source(path), with_toy()) == &toy::descriptor());
    CHECK(contains(with_toy().openable(), "toy"));
    CHECK(contains(with_toy().readable(), "toy"));
    CHECK(with_toy().describe("toy") == "a toy image");
    const OpenedImage image = open_image_chain(path, {}, with_toy());
    CHECK(text_of(read_all(*image.reader)) == "the disk of a toy");
    CHECK(image.layers.front().format == "toy");
    CHECK_THROWS(open_image(path, {{.format = "toy"}}));
}

TEST_CASE("registry: with its one line, a toy format is written and read back", "[formats][registry]") {
    ScratchFolder folder;
    write_file(folder.file("disk.raw"), Bytes(5000, std::byte{'x'}));
    CHECK(format_of_extension("disk.TOY", with_toy()) == "toy");
    CHECK(extension_of_format("toy", with_toy()) == "toy");
    CHECK(contains(written_formats(with_toy()), "toy"));
    copy_to(*open_image(folder.file("disk.raw"), {{.format = "raw"}}), folder.file("disk.toy"), "toy");
    CHECK(read_all(*open_image(folder.file("disk.toy"), {}, with_toy())) == Bytes(5000, std::byte{'x'}));
    copy_to(*open_image(folder.file("disk.toy"), {}, with_toy()), folder.file("disk.qcow2"), "qcow2");
    CHECK(read_all(*open_image(folder.file("disk.qcow2"))) == Bytes(5000, std::byte{'x'}));
    const CreateOptions large{"toy", mib(2)};
    CHECK_THROWS_WITH(create_image(folder.file("large.toy"), large, with_toy()),
                      ContainsSubstring("too large for toy"));
}

TEST_CASE("registry: a toy format's options are listed and checked, and it can be a backing format",
          "[formats][registry]") {
    CHECK(creation_words("toy", with_toy()).front().name == "colour");
    CHECK_NOTHROW(check_creation_options("toy", {{"colour", "blue"}}, with_toy()));
    CHECK_THROWS_WITH(check_creation_options("toy", {{"colour", "green"}}, with_toy()),
                      ContainsSubstring("red or blue"));
    CHECK_FALSE(may_be_streamed("toy", with_toy()));
    const OptionMap over_toy{{"backing_file", "a"}, {"backing_fmt", "toy"}};
    CHECK_NOTHROW(check_creation_options("qcow2", over_toy, with_toy()));
    CHECK_THROWS_WITH(check_creation_options("qcow2", over_toy), ContainsSubstring("expected raw, "));
}

}  // namespace varve::reader_test
