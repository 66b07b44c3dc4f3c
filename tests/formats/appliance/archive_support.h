#pragma once
/// Shared by the tests of appliances: extracts archives with tar, checks manifests with sha256sum and the like, parses
/// descriptors.

#include <sstream>
#include <string>
#include <vector>

#include <pugixml.hpp>

#include "formats/create_image.h"
#include "tests/catch.h"
#include "tests/contract/image_writer_contract.h"
#include "tests/support/writer_support.h"

namespace varve::appliance_test {

using writer_test::read_file;
using writer_test::run_tool;
using writer_test::ScratchFolder;
using writer_test::ToolResult;
using writer_test::write_file;

inline std::string output_of(const std::vector<std::string>& words) {
    const ToolResult result = run_tool(words);
    CAPTURE(words, result.output);
    REQUIRE(result.status == 0);
    return result.output;
}

inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

/// The names in the archive, in its order.
inline std::vector<std::string> members_of(const std::string& archive) {
    return lines_of(output_of({"tar", "-tf", archive}));
}

/// Extracts the archive into a folder of its own.
class Unpacked {
public:
    explicit Unpacked(const std::string& archive) : members_(members_of(archive)) {
        output_of({"tar", "-xf", archive, "-C", folder_.path().string()});
    }

    const std::vector<std::string>& members() const { return members_; }
    std::string file(const std::string& name) const { return folder_.file(name); }
    std::string text(const std::string& name) const { return std::string(text_of(read_file(file(name)))); }

    /// Checks all lines of the manifest, the archive's second member, with `tool`; each other member has one.
    void check_manifest(const std::string& tool) const {
        REQUIRE(members_.size() > 2);
        const std::string found =
            output_of({"env", "-C", folder_.path().string(), tool, "-c", "--strict", members_[1]});
        std::vector<std::string> expected;
        for (const std::string& member : members_)
            if (member != members_[1]) expected.push_back(member + ": OK");
        CHECK(lines_of(found) == expected);
    }

private:
    ScratchFolder folder_;
    std::vector<std::string> members_;
};

/// The descriptor, parsed.
class Ovf {
public:
    explicit Ovf(const std::string& text) {
        const auto result = document_.load_string(text.c_str(), pugi::parse_full);
        CAPTURE(result.description(), text);
        REQUIRE(result);
    }

    std::vector<std::string> all(const std::string& xpath) const {
        std::vector<std::string> found;
        for (const pugi::xpath_node& node : document_.select_nodes(xpath.c_str()))
            found.push_back(node.attribute() ? node.attribute().value() : node.node().text().get());
        return found;
    }

private:
    pugi::xml_document document_;
};

using Texts = std::vector<std::string>;

}  // namespace varve::appliance_test
