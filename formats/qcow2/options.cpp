#include "formats/qcow2/options.h"

#include <array>
#include <bit>

#include <fmt/format.h>

#include "formats/crypt/iteration_time.h"

namespace varve::qcow2 {
namespace {

constexpr ByteCount cluster_size_min{512};
constexpr ByteCount cluster_size_max = mib(2);
constexpr ByteCount extended_cluster_size_min = kib(16);  // a subcluster is at least a sector
constexpr std::uint64_t refcount_bits_max = 64;

bool set_cluster_size(CreationOptions& options, std::string_view value) {
    const auto size = parse_size(value);
    if (!size || !std::has_single_bit(size->value) || *size < cluster_size_min || *size > cluster_size_max)
        return false;
    options.cluster_bits = static_cast<unsigned>(std::countr_zero(size->value));
    return true;
}

bool set_compat(CreationOptions& options, std::string_view value) {
    if (value == "0.10" || value == "v2") return assign(options.version, std::optional(2u));
    if (value == "1.1" || value == "v3") return assign(options.version, std::optional(3u));
    return false;
}

bool set_compression_type(CreationOptions& options, std::string_view value) {
    if (value == "zlib") return assign(options.compression, std::optional(Compression::zlib));
    if (value == "zstd") return assign(options.compression, std::optional(Compression::zstd));
    return false;
}

bool set_refcount_bits(CreationOptions& options, std::string_view value) {
    const auto bits = parse_number(value);
    if (!bits || !std::has_single_bit(*bits) || *bits > refcount_bits_max) return false;
    options.refcount_bits = static_cast<unsigned>(*bits);
    return true;
}

bool set_backing_file(CreationOptions& options, std::string_view value) {
    if (value.empty()) return false;
    options.backing_file = value;
    return true;
}

bool set_backing_fmt(CreationOptions& options, std::string_view value) {
    if (value.empty()) return false;
    options.backing_format = value;
    return true;
}

bool set_iteration_time(CreationOptions& options, std::string_view value) {
    return assign(options.iteration_time, crypt::parse_iteration_time(value));
}

using Word = SettingWord<CreationOptions>;

constexpr std::array words{
    Word{{"cluster_size", "a power of two from 512 to 2M", "the unit of allocation (64K)", FromSource::taken},
         set_cluster_size},
    Word{{"compat", "0.10 or 1.1", "version 2 or 3 of the format (1.1)", FromSource::taken}, set_compat},
    Word{
        {"compress", "on or off", "compress the clusters that get smaller (off)"},
        [](CreationOptions& options, std::string_view value) { return assign(options.compress, parse_on_off(value)); }},
    Word{{"compression_type", "zlib or zstd", "how clusters are compressed (zlib)", FromSource::taken},
         set_compression_type},
    Word{{"extended_l2", "on or off", "allocate by 32nds of a cluster (off)", FromSource::taken},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.extended_l2, parse_on_off(value));
         }},
    Word{{"lazy_refcounts", "on or off", "let qemu defer refcount updates (off)", FromSource::taken},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.lazy_refcounts, parse_on_off(value));
         }},
    Word{{"refcount_bits", "a power of two from 1 to 64", "the width of a refcount (16)", FromSource::taken},
         set_refcount_bits},
    Word{{"preallocation", "off, metadata, falloc or full", "allocate the space of the whole disk up front (off)"},
         [](CreationOptions& options, std::string_view value) {
             return assign(options.preallocation, parse_preallocation(value));
         }},
    Word{
        {"round_up", "on or off", "add zeros to a disk that ends inside a sector of 512 bytes (off)"},
        [](CreationOptions& options, std::string_view value) { return assign(options.round_up, parse_on_off(value)); }},
    Word{{"encrypt.format", "luks", "encrypt the guest's data; takes --target-secret-file (not encrypted)"},
         [](CreationOptions& options, std::string_view value) { return options.is_encrypted = value == "luks"; }},
    Word{
        {"encrypt.iter-time", "milliseconds from 1 to 60000", "how long deriving the key from the secret takes (2000)"},
        set_iteration_time},
    Word{{"backing_file", "a file name", "write only what differs from this image, and record its name"},
         set_backing_file},
    Word{{"backing_fmt", "a format that varve reads", "the format of backing_file (detected from its first bytes)",
          FromSource::never, OptionValue::read_format},
         set_backing_fmt},
};

void refuse_if(bool is_wrong, std::string_view what) {
    if (is_wrong) throw Error(ErrorCode::usage, fmt::format("creation options of format qcow2: {}", what));
}

/// Whether `options` take encryption, which QEMU combines with few others.
void check_encryption(const CreationOptions& options) {
    refuse_if(options.iteration_time && !options.is_encrypted, "encrypt.iter-time needs encrypt.format=luks");
    if (!options.is_encrypted) return;
    refuse_if(options.version == 2, "encrypt.format=luks needs compat=1.1");
    refuse_if(options.compress, "compress=on and encrypt.format=luks can't be combined");
    refuse_if(
        options.preallocation != Preallocation::off,
        "preallocation and encrypt.format=luks can't be combined: a cluster that was never written would be noise");
}

/// The combinations that qemu-img 7.2 refuses. It has no option `compress`, but refuses -c with preallocation.
void check_together(const CreationOptions& options) {
    const bool is_old = options.version == 2;
    const bool is_preallocated = options.preallocation != Preallocation::off;
    refuse_if(is_old && options.extended_l2, "extended_l2=on needs compat=1.1");
    refuse_if(is_old && options.lazy_refcounts, "lazy_refcounts=on needs compat=1.1");
    refuse_if(is_old && options.refcount_bits != 16, "refcount_bits other than 16 needs compat=1.1");
    refuse_if(is_old && options.compression != Compression::zlib, "compression_type=zstd needs compat=1.1");
    refuse_if(options.extended_l2 && options.cluster_size() < extended_cluster_size_min,
              "extended_l2=on needs a cluster_size of 16K or more");
    refuse_if(options.compress && is_preallocated, "compress=on and preallocation can't be combined");
    refuse_if(options.backing_file && is_preallocated && !options.extended_l2,
              "backing_file and preallocation can be combined only with extended_l2=on");
    refuse_if(options.backing_format && !options.backing_file, "backing_fmt needs backing_file");
    check_encryption(options);
}

}  // namespace

std::vector<OptionWord> option_words() { return words_of<CreationOptions>(words); }

CreationOptions parse_options(const OptionMap& options) {
    CreationOptions parsed = varve::parse_options<CreationOptions>("qcow2", words, options);
    check_together(parsed);
    return parsed;
}

}  // namespace varve::qcow2
