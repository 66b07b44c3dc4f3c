#include "formats/chain/local_name.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace varve {
namespace {

using namespace std::string_view_literals;
using Json = nlohmann::json;

/// qcow2 allows 1,023 bytes; a VMDK descriptor much more, which could nest objects as deep as it likes.
constexpr std::size_t description_bytes_max = 4096;

/// The options of a description, nested ones by their dotted name ("file.filename"), as qemu has them too.
using Options = std::map<std::string, Json, std::less<>>;

/// Options, by the last part of their name, that do not change which bytes are read.
constexpr std::array harmless_options{
    "node-name"sv, "read-only"sv,  "auto-read-only"sv, "force-share"sv,    "discard"sv,
    "cache"sv,     "direct"sv,     "no-flush"sv,       "detect-zeroes"sv,  "locking"sv,
    "aio"sv,       "pr-manager"sv, "drop-cache"sv,     "lazy-refcounts"sv, "discard-no-unref"sv};

bool is_harmless(std::string_view option) {
    const std::string_view last = option.substr(option.rfind('.') + 1);  // npos + 1 is 0
    return std::ranges::find(harmless_options, last) != harmless_options.end() || last.ends_with("cache-size") ||
           last.starts_with("pass-discard-");
}

/// False if an option comes twice, in its dotted and in its nested form.
bool flatten(const Json& object, const std::string& prefix, Options& out) {
    for (const auto& [key, value] : object.items()) {
        const std::string name = prefix + key;
        if (!(value.is_object() ? flatten(value, name + ".", out) : out.emplace(name, value).second)) return false;
    }
    return true;
}

LocalName refused(std::string reason) { return {{}, {}, std::move(reason)}; }

/// Removes the option from `options`; nothing if it is absent or not a text.
std::optional<std::string> take_text(Options& options, std::string_view option) {
    const auto found = options.find(option);
    if (found == options.end() || !found->second.is_string()) return std::nullopt;
    std::string text = found->second.get<std::string>();
    options.erase(found);
    return text;
}

bool is_local_protocol(std::string_view driver) { return driver == "file" || driver == "host_device"; }

LocalName parse_description(std::string_view text) {
    if (text.size() > description_bytes_max)
        return refused(fmt::format("its json: description is longer than {} bytes", description_bytes_max));
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return refused("its json: description is not a JSON object");
    Options options;
    if (!flatten(json, "", options)) return refused("its json: description has an option twice");
    LocalName name;
    const bool has_protocol_below = options.contains("file.filename") || options.contains("file.driver");
    std::optional<std::string> protocol = take_text(options, has_protocol_below ? "file.driver" : "driver");
    if (has_protocol_below) name.format = take_text(options, "driver");
    if (!is_local_protocol(protocol.value_or("file")))
        return refused(fmt::format("its json: description names '{}', which is not a file on this host", *protocol));
    const auto path = take_text(options, has_protocol_below ? "file.filename" : "filename");
    if (!path) return refused("its json: description has no file name");
    for (const auto& [option, value] : options)
        if (!is_harmless(option))
            return refused(fmt::format("its json: description has '{}', which varve does not apply", option));
    name.path = *path;
    return name;
}

/// "file:/p" and "file:///p" are the path /p.
LocalName parse_file_name(std::string_view rest) {
    if (!rest.starts_with("//")) return {std::string(rest)};
    if (!rest.starts_with("///")) return refused("it is a file on another host");
    return {std::string(rest.substr(2))};
}

}  // namespace

LocalName parse_local_name(const std::string& name) {
    constexpr std::string_view description = "json:";
    constexpr std::string_view file = "file:";
    LocalName local{name};
    if (name.starts_with(description))
        local = parse_description(std::string_view(name).substr(description.size()));
    else if (name.starts_with(file))
        local = parse_file_name(std::string_view(name).substr(file.size()));
    else if (const std::size_t mark = name.find_first_of(":/"); mark != std::string::npos && name[mark] == ':')
        return refused("it is a protocol's name, not a path");  // as in qemu: a colon before the first slash
    if (local.refusal) return local;
    if (local.path.empty()) return refused("it is empty");
    if (local.path.find('\0') != std::string::npos) return refused("it has a NUL byte");
    return local;
}

}  // namespace varve
