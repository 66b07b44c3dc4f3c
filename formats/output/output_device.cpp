#include "formats/output/output_device.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "engine/base/error.h"
#include "formats/guard/device_folder.h"
#include "formats/output/early_writeback.h"

namespace varve {
namespace {

constexpr std::uint64_t zero_out_unit = 4096;           // a multiple of every sector size
constexpr std::uint64_t zero_out_bytes_min = 64 << 10;  // below this, writing zeros costs less than the ioctl
constexpr std::uint64_t zero_out_bytes_max = std::uint64_t{1} << 30;  // so that a kill signal takes effect

class OutputDevice final : public Output {
public:
    OutputDevice(File device, DeviceRest rest) : device_(std::move(device)), size_(device_.size()), rest_(rest) {}

    void resize(ByteCount length) override {
        length_ = length;
        if (length <= size_) return;
        throw Error(ErrorCode::refused, fmt::format("'{}' is too small: the image needs {} bytes, the device has {}",
                                                    device_.path(), length.value, size_.value));
    }

    void write(ByteOffset at, ByteView bytes) override {
        device_.write_all(at, bytes);
        writeback_.wrote(device_, {bytes.size()});
        bytes_written_ += {bytes.size()};
    }

    void zero(ByteRange range) override;
    void commit() override {
        if (rest_ == DeviceRest::zeroed) zero({ByteOffset{} + length_, size_ - length_});
        device_.sync();
    }
    ByteCount bytes_written() const override { return bytes_written_; }

private:
    bool zero_out(ByteRange aligned);

    File device_;
    ByteCount size_;
    DeviceRest rest_;
    ByteCount length_;  ///< of the image
    EarlyWriteback writeback_;
    ByteCount bytes_written_;
    bool can_zero_out_ = true;
};

/// The whole units inside `range`; empty at its start when there are none.
ByteRange whole_units(ByteRange range) {
    const std::uint64_t begin = divide_up(range.begin.value, zero_out_unit) * zero_out_unit;
    const std::uint64_t end = range.end().value / zero_out_unit * zero_out_unit;
    if (begin >= end) return {range.begin, {}};
    return {{begin}, {end - begin}};
}

void OutputDevice::zero(ByteRange range) {
    const ByteRange aligned = whole_units(range);
    if (aligned.length.value < zero_out_bytes_min || !zero_out(aligned)) {
        write_zeros(*this, range);
        return;
    }
    write_zeros(*this, {range.begin, aligned.begin - range.begin});
    write_zeros(*this, {aligned.end(), range.end() - aligned.end()});
}

/// Lets the device zero the range itself; false when it can't.
bool OutputDevice::zero_out(ByteRange aligned) {
    while (can_zero_out_ && !aligned.empty()) {
        const ByteCount step{std::min(aligned.length.value, zero_out_bytes_max)};
        std::array<std::uint64_t, 2> argument{aligned.begin.value, step.value};
        if (::ioctl(device_.fd(), BLKZEROOUT, argument.data()) == 0) {
            aligned = {aligned.begin + step, aligned.length - step};
        } else if (errno == ENOTTY || errno == EOPNOTSUPP || errno == EINVAL) {
            can_zero_out_ = false;
        } else if (errno != EINTR) {
            throw io_error(fmt::format("cannot zero {} bytes at offset {} of '{}'", step.value, aligned.begin.value,
                                       device_.path()),
                           errno);
        }
    }
    return can_zero_out_;
}

std::optional<struct stat> status_at(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return std::nullopt;
    return status;
}

/// `path` without symbolic links; nothing when it does not exist.
std::optional<std::string> real_path(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    if (!real) return std::nullopt;
    return std::string(real.get());
}

File open_alone(const std::string& path) {
    const std::string real = real_path(path).value_or(path);
    const int fd = ::open(real.c_str(), O_RDWR | O_EXCL | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0) return File(UniqueFd(fd), path);
    if (errno == EBUSY)
        throw Error(ErrorCode::refused,
                    fmt::format("'{}' is in use (mounted, or held by LVM, RAID or another program): "
                                "nothing was written; release it first",
                                path));
    throw io_error(fmt::format("cannot open device '{}' for writing", path), errno);
}

}  // namespace

bool names_block_device(const std::string& path) {
    const auto own = status_at(path);
    if (!own) return false;
    if (S_ISBLK(own->st_mode)) return true;
    if (!S_ISLNK(own->st_mode) || !is_device_folder(folder_part(path))) return false;
    struct stat target {};
    return ::stat(path.c_str(), &target) == 0 && S_ISBLK(target.st_mode);
}

std::unique_ptr<Output> open_output_device(const std::string& path, const TargetRules& rules, DeviceRest rest) {
    refuse_unless_forced(path, rules);
    File device = open_alone(path);
    struct stat status {};
    if (::fstat(device.fd(), &status) != 0) throw io_error(fmt::format("cannot stat '{}'", path), errno);
    if (!S_ISBLK(status.st_mode))
        throw Error(ErrorCode::refused, fmt::format("'{}' is no longer a block device: nothing was written", path));
    refuse_forbidden(path, status, rules);
    refuse_in_use(path, status, &device);
    return output_onto(std::move(device), rest);
}

std::unique_ptr<Output> output_onto(File device, DeviceRest rest) {
    return std::make_unique<OutputDevice>(std::move(device), rest);
}

}  // namespace varve
