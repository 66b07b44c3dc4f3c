#include "formats/qed/options.h"

#include <array>
#include <bit>

namespace varve::qed {
namespace {

constexpr std::uint64_t table_bytes_max = 16 << 20;  // one is in memory

bool set_cluster_size(CreationOptions& options, std::string_view value) {
    const auto size = parse_size(value);
    if (!size || !std::has_single_bit(size->value) || *size < kib(4) || *size > mib(8)) return false;
    options.cluster_size = *size;
    return true;
}

bool set_table_size(CreationOptions& options, std::string_view value) {
    const auto clusters = parse_number(value);
    if (!clusters || !std::has_single_bit(*clusters) || *clusters < 2 || *clusters > 16) return false;
    options.table_clusters = static_cast<std::uint32_t>(*clusters);
    return true;
}

bool set_backing_file(CreationOptions& options, std::string_view value) {
    options.backing_file = value;
    return !value.empty();
}

bool set_backing_fmt(CreationOptions& options, std::string_view value) {
    options.backing_format = value;
    return !value.empty();
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"cluster_size", "a power of two from 4K to 8M", "the unit of allocation (64K)", FromSource::taken},
         set_cluster_size},
    Word{{"table_size", "2, 4, 8 or 16", "clusters of a table (4)", FromSource::taken}, set_table_size},
    Word{{"backing_file", "a file name", "write only what differs from this image, and record its name"},
         set_backing_file},
    Word{{"backing_fmt", "a format that varve reads", "the format of backing_file (detected from its first bytes)",
          FromSource::never, OptionValue::read_format},
         set_backing_fmt},
};

void refuse_if(bool is_wrong, const std::string& what) {
    if (is_wrong) throw Error(ErrorCode::usage, "creation options of format qed: " + what);
}

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    CreationOptions parsed = varve::parse_options<CreationOptions>("qed", words, options);
    refuse_if(parsed.cluster_size.value * parsed.table_clusters > table_bytes_max,
              "cluster_size times table_size is at most 16M");
    refuse_if(parsed.backing_format && !parsed.backing_file, "backing_fmt needs backing_file");
    return parsed;
}

}  // namespace varve::qed
