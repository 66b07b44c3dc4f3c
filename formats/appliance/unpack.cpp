#include "formats/appliance/unpack.h"

#include <algorithm>
#include <new>
#include <vector>

#include <fmt/format.h>
#include <zlib.h>

#include "engine/base/error.h"
#include "engine/base/nameless_file.h"

namespace varve::appliance {
namespace {

constexpr std::size_t input_bytes = 256 << 10;
constexpr std::size_t output_bytes = 1 << 20;  // whole blocks of write_sparsely
constexpr const char* temporary_folder = "/var/tmp";

/// The chunks as one sequence of bytes.
class ChunkInput {
public:
    explicit ChunkInput(std::span<const ByteSourcePtr> chunks) : chunks_(chunks) {
        for (const ByteSourcePtr& chunk : chunks) {
            sizes_.push_back(chunk->size());
            total_ += sizes_.back();
        }
    }

    ByteCount total() const { return total_; }
    ByteCount done() const { return done_; }

    /// Fills `out`, except at the end; returns the number of bytes.
    std::size_t read(ByteSpan out) {
        std::size_t filled = 0;
        while (filled < out.size() && chunk_ < chunks_.size()) {
            const std::uint64_t left = sizes_[chunk_].value - at_.value;
            const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(left, out.size() - filled));
            chunks_[chunk_]->read_at(at_, out.subspan(filled, length));
            filled += length;
            at_ += ByteCount{length};
            if (length == left) {
                ++chunk_;
                at_ = {};
            }
        }
        done_ += ByteCount{filled};
        return filled;
    }

    /// Names the byte at `position` of the whole.
    std::string place(ByteCount position) const {
        std::size_t chunk = 0;
        while (chunk + 1 < chunks_.size() && position >= sizes_[chunk]) position = position - sizes_[chunk++];
        return chunks_.empty() ? "its end" : fmt::format("offset {} of '{}'", position.value, chunks_[chunk]->name());
    }

private:
    std::span<const ByteSourcePtr> chunks_;
    std::vector<ByteCount> sizes_;
    ByteCount total_;
    ByteCount done_;
    std::size_t chunk_ = 0;
    ByteOffset at_;
};

/// The unpacked file as it grows.
class UnpackedFile {
public:
    UnpackedFile(ByteCount length_max, const std::string& shown)
        : file_(open_nameless_file(temporary_folder, shown)), length_max_(length_max), shown_(shown) {}

    void append(ByteView bytes) {
        if (ByteCount{bytes.size()} > length_max_ - length_) refuse();
        write_sparsely(file_, ByteOffset{length_.value}, bytes);
        length_ += ByteCount{bytes.size()};
    }

    [[noreturn]] void refuse() const {
        throw Error(
            ErrorCode::refused,
            fmt::format("'{}': expected at most {} bytes when unpacked, found more: it may be meant to fill the "
                        "disk; unpack it by hand if you trust it",
                        shown_, length_max_.value));
    }

    File finish() {
        file_.truncate(length_);
        return std::move(file_);
    }

private:
    File file_;
    const ByteCount length_max_;
    const std::string& shown_;
    ByteCount length_;
};

/// The state of zlib, for one gzip member after the other.
class InflateState {
public:
    InflateState() {
        constexpr int gzip_alone = 15 + 16;
        if (inflateInit2(&z_, gzip_alone) != Z_OK) throw std::bad_alloc();
    }
    ~InflateState() { inflateEnd(&z_); }
    InflateState(const InflateState&) = delete;
    InflateState& operator=(const InflateState&) = delete;
    z_stream* operator->() { return &z_; }
    z_stream* get() { return &z_; }

private:
    z_stream z_{};
};

/// Decompresses gzip. For one use.
class Gunzip {
public:
    Gunzip(ChunkInput& input, UnpackedFile& output, const std::string& shown)
        : input_(input), output_(output), shown_(shown), in_(input_bytes), out_(output_bytes) {
        empty_out();
    }

    void run(Progress& progress, const std::stop_token& stop) {
        while (take_input()) {
            throw_if_stopped(stop);
            while (stream_->avail_in > 0) step(stop);
            progress.advance(input_.done());
        }
        if (!is_between_) fail("expected more, found the end: it was cut off");
        write_out();
    }

private:
    bool take_input() {
        const std::size_t length = input_.read(in_);
        stream_->next_in = reinterpret_cast<Bytef*>(in_.data());
        stream_->avail_in = static_cast<uInt>(length);
        return length > 0;
    }

    void step(const std::stop_token& stop) {
        if (stream_->avail_out == 0) {
            write_out();
            throw_if_stopped(stop);
        }
        if (is_between_ && skip_padding()) return;
        is_between_ = false;
        const int status = inflate(stream_.get(), Z_NO_FLUSH);
        if (status == Z_MEM_ERROR) throw std::bad_alloc();
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            fail(stream_->msg != nullptr ? stream_->msg : "it is not gzip");
        if (status != Z_STREAM_END) return;
        inflateReset(stream_.get());
        is_between_ = true;
    }

    /// After a member comes another one, or only zeros, as on tapes.
    bool skip_padding() {
        const bool is_padding = *stream_->next_in == 0;
        if (is_padded_ && !is_padding) fail("expected only zeros after a member and a zero");
        is_padded_ = is_padding;
        while (is_padding && stream_->avail_in > 0 && *stream_->next_in == 0) {
            ++stream_->next_in;
            --stream_->avail_in;
        }
        return is_padding;
    }

    void write_out() {
        output_.append(ByteView(out_).first(out_.size() - stream_->avail_out));
        empty_out();
    }

    void empty_out() {
        stream_->next_out = reinterpret_cast<Bytef*>(out_.data());
        stream_->avail_out = static_cast<uInt>(out_.size());
    }

    [[noreturn]] void fail(std::string_view why) {
        throw Error(ErrorCode::corrupt, fmt::format("'{}': gzip is damaged at {}: {}; export the package again", shown_,
                                                    input_.place(input_.done() - ByteCount{stream_->avail_in}), why));
    }

    ChunkInput& input_;
    UnpackedFile& output_;
    const std::string& shown_;
    Bytes in_, out_;
    InflateState stream_;
    bool is_between_ = false;  ///< a member ended, and no other has begun
    bool is_padded_ = false;
};

void join(ChunkInput& input, UnpackedFile& output, Progress& progress, const std::stop_token& stop) {
    Bytes buffer(output_bytes);
    for (std::size_t length; (length = input.read(buffer)) > 0;) {
        throw_if_stopped(stop);
        output.append(ByteView(buffer).first(length));
        progress.advance(input.done());
    }
}

}  // namespace

File unpack(std::span<const ByteSourcePtr> chunks, bool is_gzip, ByteCount length_max, const std::string& shown,
            Progress& progress, const std::stop_token& stop) {
    ChunkInput input(chunks);
    UnpackedFile output(length_max, shown);
    progress.begin("unpacking", input.total());
    if (is_gzip) {
        Gunzip(input, output, shown).run(progress, stop);
    } else {
        if (input.total() > length_max) output.refuse();
        join(input, output, progress, stop);
    }
    return output.finish();
}

}  // namespace varve::appliance
