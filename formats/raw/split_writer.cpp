#include "formats/raw/split_writer.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/output/output_device.h"
#include "formats/output/output_files.h"
#include "formats/output/piece_writer.h"
#include "formats/raw/writer.h"

namespace varve::raw {
namespace {

constexpr std::uint64_t number_max = 999;
constexpr std::size_t suffix_length = 4;  // ".000"

class Pieces final : public PieceSink {
public:
    Pieces(std::unique_ptr<OutputFiles> files, std::vector<ByteCount> lengths, Preallocation preallocation)
        : files_(std::move(files)), lengths_(std::move(lengths)), preallocation_(preallocation) {}

    std::unique_ptr<ImageWriter> begin(std::size_t number) override {
        auto output = number == 0 ? files_->begin_head() : files_->begin_part(number - 1);
        return create_writer(preallocated(std::move(output), preallocation_, lengths_[number]), lengths_[number]);
    }

    void finish() override { files_->commit({}); }
    ByteCount bytes_written() const override { return files_->bytes_written(); }

private:
    std::unique_ptr<OutputFiles> files_;
    std::vector<ByteCount> lengths_;
    Preallocation preallocation_;
};

void check_target(const std::string& path) {
    if (path == "-" || names_block_device(path))
        throw Error(ErrorCode::usage, "-o split= is for files, not for standard output or a device");
    if (!path.ends_with(".000") && !path.ends_with(".001"))
        throw Error(ErrorCode::usage,
                    fmt::format("with -o split= the target is the name of the first piece, which ends "
                                "in .000 or .001: '{}.000'",
                                path));
}

/// All but the last have `piece` bytes.
std::vector<ByteCount> lengths_of(ByteCount disk, ByteCount piece, std::uint64_t pieces_max) {
    const std::uint64_t count = std::max<std::uint64_t>(divide_up(disk.value, piece.value), 1);
    if (count > pieces_max)
        throw Error(
            ErrorCode::usage,
            fmt::format("a disk of {} bytes has {} pieces of {} bytes, and three digits can name {} of them: pass "
                        "-o split={} or more",
                        disk.value, count, piece.value, pieces_max,
                        divide_up(divide_up(disk.value, pieces_max), mib(1).value) * mib(1).value));
    std::vector<ByteCount> lengths(static_cast<std::size_t>(count), piece);
    lengths.back() = {disk.value - (count - 1) * piece.value};
    return lengths;
}

}  // namespace

std::unique_ptr<ImageWriter> create_split_writer(const NewImage& image, const Options& options) {
    check_target(image.path);
    const std::string name = image.path.substr(image.path.rfind('/') + 1);  // npos + 1 is 0
    const std::uint64_t first = name.back() == '1' ? 1 : 0;
    std::vector<ByteCount> lengths = lengths_of(image.virtual_size, *options.split, number_max - first + 1);
    std::vector<std::string> later;
    for (std::uint64_t i = 1; i < lengths.size(); ++i)
        later.push_back(fmt::format("{}.{:03}", name.substr(0, name.size() - suffix_length), first + i));
    auto files = image.open_output_files(std::move(later));
    auto pieces = std::make_unique<Pieces>(std::move(files), lengths, options.preallocation);
    return write_in_pieces(std::move(pieces), std::move(lengths));
}

}  // namespace varve::raw
