#pragma once
/// What an image may call another file: a path, or one of two other spellings of a path on this host that qemu and
/// libvirt write themselves, "file:PATH" and "json:{...}". Anything else, such as a server's name, is not followed.

#include <optional>
#include <string>

namespace varve {

struct LocalName {
    std::string path;                         ///< absolute, or relative to the image's folder; untrusted text
    std::optional<std::string> format = {};   ///< a description's, as qemu calls it; untrusted text
    std::optional<std::string> refusal = {};  ///< why it is not a path that may be looked up ("it is empty")
};

/// Of a description, takes the file name and the format; one with anything else that changes which bytes are read is
/// refused.
LocalName parse_local_name(const std::string& name);

}  // namespace varve
