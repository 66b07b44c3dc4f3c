#include "formats/qcow2_options.h"

#include <array>
#include <bit>

namespace varve {
namespace {

constexpr ByteCount cluster_size_min{512};
constexpr ByteCount cluster_size_max = mib(2);

bool set_cluster_size(Qcow2Options& options, std::string_view value) {
    const auto size = parse_size(value);
    if (!size || !std::has_single_bit(size->value) || *size < cluster_size_min || *size > cluster_size_max)
        return false;
    options.cluster_bits = static_cast<unsigned>(std::countr_zero(size->value));
    return true;
}

constexpr std::array<SettingWord<Qcow2Options>, 1> words{{
    {{"cluster_size", "a power of two from 512 to 2M", "unit of allocation; 64K", FromSource::taken}, set_cluster_size},
}};

}  // namespace

std::vector<OptionWord> qcow2_option_words() { return words_of<Qcow2Options>(words); }

Qcow2Options parse_qcow2_options(const OptionMap& options) {
    return parse_options<Qcow2Options>("qcow2", words, options);
}

}  // namespace varve
