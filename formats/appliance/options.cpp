#include "formats/appliance/options.h"

#include <algorithm>
#include <array>

#include "engine/base/escape.h"

namespace varve::appliance {
namespace {

constexpr std::size_t machine_characters_max = 80;

bool set_manifest(CreationOptions& options, std::string_view value) {
    options.manifest = std::nullopt;
    if (value == "none") return true;
    for (const DigestAlgorithm digest : {DigestAlgorithm::sha1, DigestAlgorithm::sha256, DigestAlgorithm::sha512})
        if (value == name_of(digest)) options.manifest = digest;
    return options.manifest.has_value();
}

bool set_adapter_type(CreationOptions& options, std::string_view value) {
    for (const auto adapter : {vmdk::AdapterType::lsilogic, vmdk::AdapterType::buslogic, vmdk::AdapterType::ide}) {
        if (value != vmdk::name_of(adapter)) continue;
        options.adapter_type = adapter;
        return true;
    }
    return false;
}

bool set_uuid(CreationOptions& options, std::string_view value) {
    options.uuid = parse_uuid(value);
    return options.uuid && !options.uuid->is_null();
}

bool set_machine(CreationOptions& options, std::string_view value) {
    if (!can_name_machine(value)) return false;
    options.machine = std::string(value);
    return true;
}

bool set_descriptor(CreationOptions& options, std::string_view value) {
    options.keeps_descriptor = value == "kept";
    return options.keeps_descriptor || value == "plain";
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"manifest", "SHA256, SHA1, SHA512 or none", "the digests of its files (SHA256)", FromSource::taken},
         set_manifest},
    Word{{"adapter_type", "lsilogic, buslogic or ide", "the controller of its disks (lsilogic)", FromSource::taken},
         set_adapter_type},
    Word{{"uuid", "a UUID, not all zero", "the identity of its disks; the same one gives the same bytes (random)"},
         set_uuid},
    Word{{"name", "1 to 80 characters without control characters", "the machine's name (the file's name)"},
         set_machine},
    Word{{"descriptor", "kept or plain", "use the descriptor kept with the disks if it fits, or a plain one (kept)"},
         set_descriptor},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_creation_options(const OptionMap& options) {
    return parse_options<CreationOptions>("ova", words, options);
}

bool can_name_machine(std::string_view name) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; };
    const auto characters = std::ranges::count_if(name, [](char c) { return (c & 0xc0) != 0x80; });
    return !name.empty() && static_cast<std::size_t>(characters) <= machine_characters_max && is_valid_utf8(name) &&
           std::ranges::none_of(name, is_control);
}

}  // namespace varve::appliance
