#include "formats/appliance/ova_writer.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/base/check.h"
#include "formats/appliance/manifest.h"
#include "formats/tar/header.h"
#include "formats/vmdk/stream_writer.h"

namespace varve::appliance {
namespace {

constexpr std::uint64_t fixed_time = 315532800;  // 1980-01-01T00:00:00Z
constexpr ByteCount member_bytes_max{std::numeric_limits<std::int64_t>::max()};

std::uint64_t time_of(const CreationOptions& options) {
    if (options.uuid) return fixed_time;
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

vmdk::CreationOptions disk_options(const CreationOptions& options, std::size_t disk) {
    OptionMap words{{"subformat", "streamOptimized"},
                    {"adapter_type", std::string(vmdk::name_of(options.adapter_type))}};
    if (options.uuid) words["uuid"] = options.uuid->derived(fmt::format("disk {}", disk + 1)).text();
    return vmdk::parse_creation_options(words);
}

/// A member that is complete.
struct WrittenMember {
    std::string name;
    ByteCount length;
    Bytes digest;  ///< empty without a manifest
};

}  // namespace

/// The archive as it grows.
class OvaWriter::Archive {
public:
    Archive(std::unique_ptr<Output> output, PackagePlan plan);

    const PackagePlan& plan() const { return plan_; }
    std::unique_ptr<ImageWriter> begin_disk();
    void finish();
    ByteCount bytes_written() const { return output_->bytes_written(); }

private:
    class MemberOutput;
    struct Room {
        ByteOffset header;
        ByteCount length;
    };

    Room make_room(ByteCount length);
    std::optional<ContentDigest> new_hash() const;
    void write_kept_files();
    void end_member(ByteOffset header, ByteCount length, Bytes digest);
    void write_member(Room room, const std::string& name, std::string_view text);
    std::string manifest(std::string_view descriptor) const;

    std::unique_ptr<Output> output_;
    PackagePlan plan_;
    std::uint64_t time_;
    Room descriptor_;
    Room manifest_;
    ByteOffset end_;
    std::vector<WrittenMember> written_;
    bool is_in_member_ = false;
};

/// Appends one member's bytes to the archive and hashes them.
class OvaWriter::Archive::MemberOutput final : public Output {
public:
    explicit MemberOutput(Archive& archive) : archive_(archive), header_(archive.end_), hash_(archive.new_hash()) {}

    void resize(ByteCount) override {}  // the archive's length does not depend on it

    void write(ByteOffset at, ByteView bytes) override {
        VARVE_CHECK(at.value == length_.value);
        archive_.output_->write(header_ + tar::header_length + length_, bytes);
        if (hash_) hash_->update(bytes);
        length_ += {bytes.size()};
    }

    bool is_sequential() const override { return true; }  // a digest covers the bytes in their order
    void zero(ByteRange range) override { write_zeros(*this, range); }
    void commit() override { archive_.end_member(header_, length_, hash_ ? hash_->finish() : Bytes{}); }
    ByteCount bytes_written() const override { return length_; }

private:
    Archive& archive_;
    ByteOffset header_;
    ByteCount length_;
    std::optional<ContentDigest> hash_;
};

OvaWriter::Archive::Archive(std::unique_ptr<Output> output, PackagePlan plan)
    : output_(std::move(output)), plan_(std::move(plan)), time_(time_of(plan_.options())) {
    const std::vector<ByteCount> lengths(plan_.members().size(), member_bytes_max);
    descriptor_ = make_room({plan_.descriptor(lengths).size()});
    if (!plan_.options().manifest) return;
    std::size_t length = manifest_line_bytes(*plan_.options().manifest, plan_.descriptor_name());
    for (const PlannedMember& member : plan_.members())
        length += manifest_line_bytes(*plan_.options().manifest, member.name);
    manifest_ = make_room({length});
}

OvaWriter::Archive::Room OvaWriter::Archive::make_room(ByteCount length) {
    const Room room{end_, length};
    end_ += tar::header_length + tar::padded(length);
    return room;
}

std::optional<ContentDigest> OvaWriter::Archive::new_hash() const {
    if (!plan_.options().manifest) return std::nullopt;
    return ContentDigest(*plan_.options().manifest);
}

std::unique_ptr<ImageWriter> OvaWriter::Archive::begin_disk() {
    VARVE_CHECK(!is_in_member_);
    write_kept_files();
    VARVE_CHECK(written_.size() < plan_.members().size());
    const std::size_t disk = *plan_.members()[written_.size()].disk;
    is_in_member_ = true;
    return vmdk::create_stream_writer(std::make_unique<MemberOutput>(*this), plan_.disk(disk).virtual_size,
                                      disk_options(plan_.options(), disk));
}

/// Writes those before the next disk, or before the end of the archive.
void OvaWriter::Archive::write_kept_files() {
    while (written_.size() < plan_.members().size() && !plan_.members()[written_.size()].disk) {
        MemberOutput output(*this);
        output.write({}, plan_.members()[written_.size()].file.bytes);
        output.commit();
    }
}

void OvaWriter::Archive::end_member(ByteOffset header, ByteCount length, Bytes digest) {
    const std::string& name = plan_.members()[written_.size()].name;
    output_->write(header, tar::encode_header({name, length, time_}));
    const ByteOffset end = header + tar::header_length + length;
    end_ = header + tar::header_length + tar::padded(length);
    write_zeros(*output_, {end, end_ - end});
    written_.push_back({name, length, std::move(digest)});
    is_in_member_ = false;
}

/// `text` fills its room exactly.
void OvaWriter::Archive::write_member(Room room, const std::string& name, std::string_view text) {
    VARVE_CHECK(text.size() == room.length.value);
    Bytes bytes = tar::encode_header({name, room.length, time_});
    const ByteView content = bytes_of(text);
    bytes.insert(bytes.end(), content.begin(), content.end());
    bytes.resize(tar::padded({bytes.size()}).value);
    output_->write(room.header, bytes);
}

std::string OvaWriter::Archive::manifest(std::string_view descriptor) const {
    const DigestAlgorithm method = *plan_.options().manifest;
    ContentDigest hash(method);
    hash.update(bytes_of(descriptor));
    std::string text = manifest_line({plan_.descriptor_name(), method, hash.finish()});
    for (const WrittenMember& member : written_) text += manifest_line({member.name, method, member.digest});
    return text;
}

void OvaWriter::Archive::finish() {
    VARVE_CHECK(!is_in_member_);
    write_kept_files();
    VARVE_CHECK(written_.size() == plan_.members().size());
    std::vector<ByteCount> lengths;
    for (const WrittenMember& member : written_) lengths.push_back(member.length);
    std::string descriptor = plan_.descriptor(lengths);
    VARVE_CHECK(descriptor.size() <= descriptor_.length.value);
    descriptor.resize(descriptor_.length.value, '\n');
    write_zeros(*output_, {end_, tar::end_of_archive});
    write_member(descriptor_, plan_.descriptor_name(), descriptor);
    if (plan_.options().manifest) write_member(manifest_, plan_.manifest_name(), manifest(descriptor));
    output_->commit();
}

OvaWriter::OvaWriter(std::unique_ptr<Output> output, PackagePlan plan)
    : archive_(std::make_unique<Archive>(std::move(output), std::move(plan))) {}
OvaWriter::~OvaWriter() = default;
OvaWriter::OvaWriter(OvaWriter&&) noexcept = default;
OvaWriter& OvaWriter::operator=(OvaWriter&&) noexcept = default;

std::unique_ptr<ImageWriter> OvaWriter::begin_disk() { return archive_->begin_disk(); }
void OvaWriter::finish() { archive_->finish(); }
ByteCount OvaWriter::bytes_written() const { return archive_->bytes_written(); }

namespace {

class OneDiskWriter final : public ImageWriter {
public:
    explicit OneDiskWriter(OvaWriter appliance) : appliance_(std::move(appliance)), disk_(appliance_.begin_disk()) {}

    void write(ByteOffset at, ByteView bytes) override { disk_->write(at, bytes); }
    void zero(ByteRange range) override { disk_->zero(range); }
    void finish() override {
        disk_->finish();
        appliance_.finish();
    }
    ByteCount bytes_written() const override { return appliance_.bytes_written(); }

private:
    OvaWriter appliance_;
    std::unique_ptr<ImageWriter> disk_;
};

}  // namespace

std::unique_ptr<ImageWriter> create_writer(std::unique_ptr<Output> output, PackagePlan plan) {
    return std::make_unique<OneDiskWriter>(OvaWriter(std::move(output), std::move(plan)));
}

}  // namespace varve::appliance
