#include "formats/vmdk/options.h"

#include <fmt/format.h>

#include "engine/base/check.h"
#include "engine/base/hex.h"

namespace varve::vmdk {
namespace {

constexpr unsigned hwversion_max = 99;  // VMware is at 22

template <typename Value>
struct Named {
    Value value;
    std::string_view name;
};

constexpr std::array subformats{
    Named<Subformat>{Subformat::monolithic_sparse, "monolithicSparse"},
    Named<Subformat>{Subformat::monolithic_flat, "monolithicFlat"},
    Named<Subformat>{Subformat::two_gb_max_extent_sparse, "twoGbMaxExtentSparse"},
    Named<Subformat>{Subformat::two_gb_max_extent_flat, "twoGbMaxExtentFlat"},
    Named<Subformat>{Subformat::stream_optimized, "streamOptimized"},
    Named<Subformat>{Subformat::vmfs, "vmfs"},
};

constexpr std::array adapter_types{
    Named<AdapterType>{AdapterType::ide, "ide"},
    Named<AdapterType>{AdapterType::buslogic, "buslogic"},
    Named<AdapterType>{AdapterType::lsilogic, "lsilogic"},
    Named<AdapterType>{AdapterType::legacy_esx, "legacyESX"},
};

template <typename Table, typename Value>
std::string_view name_in(const Table& table, Value value) {
    const auto found = std::ranges::find(table, value, [](const auto& entry) { return entry.value; });
    VARVE_CHECK(found != table.end());
    return found->name;
}

template <typename Value, std::size_t count>
std::optional<Value> value_in(const std::array<Named<Value>, count>& table, std::string_view name) {
    const auto found = std::ranges::find(table, name, [](const auto& entry) { return entry.name; });
    if (found == table.end()) return std::nullopt;
    return found->value;
}

bool set_hwversion(CreationOptions& options, std::string_view value) {
    const auto version = parse_number(value);
    if (!version || *version == 0 || *version > hwversion_max) return false;
    options.hwversion = static_cast<unsigned>(*version);
    return true;
}

/// 8-4-4-4-12 hex digits, not all of them 0.
bool set_uuid(CreationOptions& options, std::string_view value) {
    constexpr std::array<std::size_t, 4> dashes{8, 13, 18, 23};
    constexpr std::size_t length = 36;
    std::string digits;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const bool is_dash = std::ranges::find(dashes, i) != dashes.end();
        if (is_dash != (value[i] == '-')) return false;
        if (!is_dash) digits += value[i];
    }
    DiskUuid uuid{};
    if (value.size() != length || !from_hex(digits, uuid) || is_zero(uuid)) return false;
    options.uuid = uuid;
    return true;
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"subformat",
          "monolithicSparse, monolithicFlat, twoGbMaxExtentSparse, twoGbMaxExtentFlat, streamOptimized or vmfs",
          "how the image is stored in files (monolithicSparse)", FromSource::taken},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.subformat, value_in(subformats, value));
         }},
    Word{{"adapter_type", "ide, buslogic, lsilogic or legacyESX", "the controller that the disk is for (lsilogic)",
          FromSource::taken},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.adapter_type, value_in(adapter_types, value));
         }},
    Word{{"hwversion", "a number from 1 to 99", "the virtual hardware version that it requires (4)", FromSource::taken},
         set_hwversion},
    Word{{"zeroed_grain", "on or off", "keep explicit zeros (off)", FromSource::taken},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.zeroed_grain, parse_on_off(value));
         }},
    Word{{"uuid", "a UUID, not all zero", "the disk's identity; the same one gives the same bytes (random)"}, set_uuid},
};

}  // namespace

std::string_view name_of(Subformat subformat) { return name_in(subformats, subformat); }
std::string_view name_of(AdapterType adapter_type) { return name_in(adapter_types, adapter_type); }

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_creation_options(const OptionMap& options) {
    const CreationOptions parsed = parse_options<CreationOptions>("vmdk", words, options);
    if (parsed.zeroed_grain && (parsed.is_streamed() || !parsed.has_grains()))
        throw Error(ErrorCode::usage,
                    fmt::format("creation options of format vmdk: zeroed_grain=on conflicts with subformat={}",
                                name_of(parsed.subformat)));
    return parsed;
}

}  // namespace varve::vmdk
