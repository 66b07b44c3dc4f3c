#include "formats/parallels/options.h"

#include <array>
#include <bit>

namespace varve::parallels {
namespace {

constexpr ByteCount cluster_size_min{512};
constexpr ByteCount cluster_size_max = mib(64);

bool set_cluster_size(CreationOptions& options, std::string_view value) {
    const auto size = parse_size(value);
    if (!size || !is_written_cluster_size(*size)) return false;
    options.cluster_size = *size;
    return true;
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"cluster_size", "512 to 64M, a power of two", "the allocation unit (1M)", FromSource::taken},
         set_cluster_size},
};

}  // namespace

bool is_written_cluster_size(ByteCount size) {
    return std::has_single_bit(size.value) && size >= cluster_size_min && size <= cluster_size_max;
}

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    return varve::parse_options<CreationOptions>("parallels", words, options);
}

}  // namespace varve::parallels
