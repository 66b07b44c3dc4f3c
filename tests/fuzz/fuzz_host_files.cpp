// libFuzzer target: any bytes as one of the files that a host keeps beside its catalog. The first byte chooses:
// - 'damage' and 'verified': text that is parsed or refused as corrupt; what parses is written again and read as equal.
// - a filter of chunk ids, as it is or with its seals made right: used or ignored, never an error; one that is used
//   answers for any id. Used as it is, it has the key of its run.
// - a filter made from the ids in the input: read again from its file, it contains each of them.

#include <algorithm>
#include <fstream>

#include "catalog/id_filter.h"
#include "catalog/seal.h"
#include "engine/repository/known_damage.h"
#include "engine/repository/verify_times.h"
#include "tests/fakes/temporary_folder.h"
#include "tests/fuzz/refusal.h"

namespace varve {
namespace {

constexpr std::uint64_t run_key = 0x0123456789abcdefull;
constexpr std::size_t filter_header_bytes = 64;
constexpr std::size_t tag_bytes = sizeof(IdTag);

void try_damage(ByteView bytes) {
    const KnownDamage parsed = parse_known_damage(text_of(bytes), "input");
    require(parse_known_damage(encode(parsed), "input, written again") == parsed);
}

void try_verify_times(ByteView bytes) {
    const VerifyTimes parsed = parse_verify_times(text_of(bytes), "input");
    require(parse_verify_times(encode(parsed), "input, written again") == parsed);
}

const std::string& filter_path() {
    static const TemporaryFolder folder;
    static const std::string path = folder / "filter";
    return path;
}

std::unique_ptr<const IdFilter> read_filter(ByteView bytes) {
    std::ofstream(filter_path(), std::ios::binary) << text_of(bytes);
    return IdFilter::open(filter_path(), run_key);
}

/// Asks for ids in every block.
void ask_everywhere(const IdFilter& filter) {
    for (std::uint64_t part = 0; part < 256; ++part) (void)filter.may_contain(part << 56 | part * 0x01010101);
}

void try_filter(ByteView bytes) {
    const auto filter = read_filter(bytes);
    if (!filter) return;
    ask_everywhere(*filter);
    require(load_le<std::uint64_t>(bytes.subspan(16)) == run_key);
}

/// The input as blocks behind a right header.
void try_sealed_filter(ByteView bytes) {
    Bytes file(filter_header_bytes);
    std::ranges::copy(bytes_of("VARVEIDF"), file.begin());
    store_le<std::uint32_t>(ByteSpan(file).subspan(8), 1);
    store_le<std::uint64_t>(ByteSpan(file).subspan(16), run_key);
    store_le<std::uint64_t>(ByteSpan(file).subspan(24), bytes.size());
    store_le<std::uint64_t>(ByteSpan(file).subspan(32), seal_of(run_key, bytes));
    store_le<std::uint64_t>(ByteSpan(file).subspan(40), seal_of(run_key, ByteView(file).first(40)));
    file.insert(file.end(), bytes.begin(), bytes.end());
    const auto filter = read_filter(file);
    require((filter != nullptr) == (!bytes.empty() && bytes.size() % 32 == 0));
    if (filter) ask_everywhere(*filter);
}

void try_filter_of_tags(ByteView bytes) {
    IdFilterBuilder builder(bytes.size() / tag_bytes);
    const auto for_each_tag = [bytes](const auto& use) {
        for (std::size_t at = 0; at + tag_bytes <= bytes.size(); at += tag_bytes)
            use(load_le<std::uint64_t>(bytes.subspan(at)));
    };
    for_each_tag([&](IdTag tag) { builder.add(tag); });
    (void)std::move(builder).finish_in_file(filter_path(), run_key);
    const auto filter = IdFilter::open(filter_path(), run_key);
    require(filter != nullptr);
    for_each_tag([&](IdTag tag) { require(filter->may_contain(tag)); });
}

}  // namespace
}  // namespace varve

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace varve;
    if (size == 0) return 0;
    constexpr std::array files{try_damage, try_verify_times, try_filter, try_sealed_filter, try_filter_of_tags};
    try_step([&] { files[data[0] % files.size()](std::as_bytes(std::span(data, size)).subspan(1)); });
    return 0;
}
