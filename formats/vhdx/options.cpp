#include "formats/vhdx/options.h"

#include <array>
#include <bit>

namespace varve::vhdx {
namespace {

bool set_subformat(CreationOptions& options, std::string_view value) {
    options.is_fixed = value == "fixed";
    return options.is_fixed || value == "dynamic";
}

bool set_block_size(CreationOptions& options, std::string_view value) {
    options.block_size = parse_size(value);
    return options.block_size && std::has_single_bit(options.block_size->value) && *options.block_size >= mib(1) &&
           *options.block_size <= mib(256);
}

bool set_sector_size(CreationOptions& options, std::string_view value) {
    return (value == "512" || value == "4096") && assign(options.sector_size, parse_size(value));
}

bool set_uuid(CreationOptions& options, std::string_view value) {
    options.uuid = parse_uuid(value);
    return options.uuid && !options.uuid->is_null();
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"subformat", "dynamic or fixed", "whether every block is allocated up front (dynamic)", FromSource::taken},
         set_subformat},
    Word{{"block_size", "a power of two from 1M to 256M", "the unit of allocation (2M, for disks over 4T 32M)",
          FromSource::taken},
         set_block_size},
    Word{{"logical_sector_size", "512 or 4096", "the sectors that a guest sees (512)", FromSource::taken},
         set_sector_size},
    Word{{"uuid", "a UUID other than zero", "the disk's identity; the same one gives the same bytes (random)"},
         set_uuid},
};

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    return varve::parse_options<CreationOptions>("vhdx", words, options);
}

}  // namespace varve::vhdx
