#include "formats/lvm/metadata_fields.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/error.h"

namespace varve::lvm {
namespace {

std::string shown(const TextScalar& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *number);
    if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
    constexpr std::size_t characters_max = 80;
    return fmt::format("\"{}\"", std::get<std::string>(value).substr(0, characters_max));
}

std::string shown(const TextEntry& entry) {
    if (const TextScalar* scalar = entry.scalar()) return shown(*scalar);
    return entry.list() != nullptr ? "a list" : "a section";
}

template <typename T>
const T* scalar_of(const TextEntry& entry) {
    return entry.scalar() == nullptr ? nullptr : std::get_if<T>(entry.scalar());
}

}  // namespace

MetadataFields MetadataFields::inside(const TextEntry& entry) const {
    const TextSection* section = entry.section();
    if (section == nullptr) fail(entry.name, "expected a section, found " + shown(entry));
    return {*section, path_ + "/" + entry.name, entry.line, where_};
}

std::optional<MetadataFields> MetadataFields::inside(std::string_view name) const {
    const TextEntry* entry = section_.find(name);
    if (entry == nullptr) return std::nullopt;
    return inside(*entry);
}

std::uint64_t MetadataFields::number(std::string_view key, std::uint64_t min, std::uint64_t max) const {
    const TextEntry& entry = needed(key);
    const auto* number = scalar_of<std::int64_t>(entry);
    if (number == nullptr || *number < 0 || static_cast<std::uint64_t>(*number) < min ||
        static_cast<std::uint64_t>(*number) > max)
        fail(key, fmt::format("expected a number from {} to {}, found {}", min, max, shown(entry)));
    return static_cast<std::uint64_t>(*number);
}

std::optional<std::uint64_t> MetadataFields::optional_number(std::string_view key, std::uint64_t min,
                                                             std::uint64_t max) const {
    if (!has(key)) return std::nullopt;
    return number(key, min, max);
}

ByteCount MetadataFields::sectors(std::string_view key, std::uint64_t min, std::uint64_t max) const {
    constexpr std::uint64_t sector_bytes = 512;
    const std::optional<std::uint64_t> bytes = checked_mul(number(key, min, max), sector_bytes);
    if (!bytes) fail(key, "expected a number of sectors whose size in bytes fits in 64 bits");
    return ByteCount{*bytes};
}

std::string MetadataFields::string(std::string_view key) const {
    const TextEntry& entry = needed(key);
    if (const auto* string = scalar_of<std::string>(entry)) return *string;
    fail(key, "expected a string, found " + shown(entry));
}

std::optional<std::string> MetadataFields::optional_string(std::string_view key) const {
    if (!has(key)) return std::nullopt;
    return string(key);
}

std::vector<std::string> MetadataFields::words(std::string_view key) const {
    std::vector<std::string> out;
    if (!has(key)) return out;
    for (const TextScalar& value : list(key)) {
        if (!std::holds_alternative<std::string>(value)) fail(key, "expected a list of strings, found " + shown(value));
        out.push_back(std::get<std::string>(value));
    }
    return out;
}

const TextList& MetadataFields::list(std::string_view key) const {
    const TextEntry& entry = needed(key);
    if (const TextList* list = entry.list()) return *list;
    fail(key, "expected a list, found " + shown(entry));
}

void MetadataFields::fail(std::string_view key, const std::string& message) const {
    const TextEntry* entry = section_.find(key);
    VARVE_CHECK(entry != nullptr);
    fail_at(entry->line, fmt::format("'{}': {}", key, message));
}

const TextEntry& MetadataFields::needed(std::string_view key) const {
    if (const TextEntry* entry = section_.find(key)) return *entry;
    fail(fmt::format("'{}' is missing", key));
}

void MetadataFields::fail_at(std::uint32_t line, const std::string& message) const {
    throw Error(ErrorCode::corrupt, fmt::format("{}, line {}: in '{}', {}", where_, line, path_, message));
}

}  // namespace varve::lvm
