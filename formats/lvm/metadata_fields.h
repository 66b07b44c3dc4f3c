#pragma once
/// Typed access to the keys of one section of a metadata text. A key that is missing or of another type throws
/// Error(corrupt) with the text, the line, the section's path, the key, and what was expected and found.

#include <limits>
#include <optional>

#include "engine/base/units.h"
#include "formats/lvm/metadata_text.h"

namespace varve::lvm {

class MetadataFields {
public:
    /// Bounds of numbers: the text's are signed 64-bit integers, sizes in sectors 32-bit.
    static constexpr std::uint64_t number_max = std::numeric_limits<std::int64_t>::max();
    static constexpr std::uint64_t sectors_max = std::numeric_limits<std::uint32_t>::max();

    /// Borrows all three. `path` names the section: "vg0/logical_volumes/root".
    MetadataFields(const TextSection& section, std::string path, std::uint32_t line, const std::string& where)
        : section_(section), path_(std::move(path)), line_(line), where_(where) {}

    /// The fields of the subsection `entry`; throws if it is not a section.
    MetadataFields inside(const TextEntry& entry) const;
    /// The same by name; nullopt if there is no such entry.
    std::optional<MetadataFields> inside(std::string_view name) const;

    const TextSection& section() const { return section_; }
    const std::string& path() const { return path_; }

    bool has(std::string_view key) const { return section_.find(key) != nullptr; }

    std::uint64_t number(std::string_view key, std::uint64_t min, std::uint64_t max) const;
    std::optional<std::uint64_t> optional_number(std::string_view key, std::uint64_t min, std::uint64_t max) const;
    /// A number of sectors, in bytes.
    ByteCount sectors(std::string_view key, std::uint64_t min, std::uint64_t max) const;
    std::string string(std::string_view key) const;
    std::optional<std::string> optional_string(std::string_view key) const;
    /// A list of strings; empty if the key is missing.
    std::vector<std::string> words(std::string_view key) const;
    const TextList& list(std::string_view key) const;

    /// Throws Error(corrupt) about the section.
    [[noreturn]] void fail(const std::string& message) const { fail_at(line_, message); }
    /// Throws Error(corrupt) about `key`, which must exist in the section.
    [[noreturn]] void fail(std::string_view key, const std::string& message) const;

private:
    const TextEntry& needed(std::string_view key) const;
    [[noreturn]] void fail_at(std::uint32_t line, const std::string& message) const;

    const TextSection& section_;
    std::string path_;
    std::uint32_t line_;
    const std::string& where_;
};

}  // namespace varve::lvm
